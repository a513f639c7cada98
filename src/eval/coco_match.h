// SPDX-License-Identifier: Apache-2.0
// One image and one class: which detection finds which ground truth, after pycocotools' COCOeval.evaluateImg.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace nibble::coco {

inline constexpr std::size_t kThresholds = 10;
inline constexpr std::size_t kAreas = 4;  ///< all, small, medium, large
inline constexpr std::size_t kMaxDetections = 100;

/// 0.50, 0.55, ... 0.95, with the very bits of numpy.linspace(.5, .95, 10).
std::array<double, kThresholds> overlap_thresholds();

/// Both ends included, px^2.
struct AreaRange {
  double low;
  double high;
  bool holds(double area) const { return area >= low && area <= high; }
};
inline constexpr std::array<AreaRange, kAreas> kAreaRanges = {
    {{0, 1e10}, {0, 32.0 * 32.0}, {32.0 * 32.0, 96.0 * 96.0}, {96.0 * 96.0, 1e10}}};

struct Truth {
  std::array<double, 4> box_xywh_px;
  double area_px2;
  bool is_crowd;
  bool counts_when_found;  ///< false for id 0: pycocotools stores the id as the mark "found", and 0 reads as "not found"
  bool is_void = false;    ///< counts in neither recall nor precision, as a crowd, but is found only once
  std::size_t index = 0;   ///< what Measure::overlap calls it
};
struct Candidate {
  std::array<double, 4> box_xywh_px;
  double score;
  std::size_t index = 0;  ///< as that of Truth
};

/// How detections are compared with ground truth where it is not by their boxes.
struct Measure {
  /// Of a detection and an object, by their indices: 0..1. It is called from several threads.
  std::function<double(std::size_t detection, std::size_t truth)> overlap;
  std::function<double(std::size_t detection)> area_px2;  ///< of a detection; empty: its box's
  std::function<bool(std::size_t truth)> is_void;         ///< Truth::is_void; empty: no object is
  std::size_t most_detections = kMaxDetections;           ///< of an image and class
};

/// What became of one detection at each area range and IoU threshold: bit area * kThresholds + threshold of each mask.
struct Outcome {
  double score = 0;
  std::uint32_t rank = 0;     ///< among the image's detections of this class, from 0
  std::uint32_t image = 0;    ///< position of the image in the data set; match_image leaves it at 0
  std::uint64_t found = 0;    ///< set where a ground truth was assigned to it
  std::uint64_t ignored = 0;  ///< set where it counts as neither right nor wrong
};
inline constexpr std::uint64_t bit_of(std::size_t area, std::size_t threshold) {
  return std::uint64_t{1} << (area * kThresholds + threshold);
}

/// Intersection over union, or for a crowd intersection over the detection's own area; 0 where the boxes do not overlap.
double overlap_of(const std::array<double, 4>& detection_xywh, const std::array<double, 4>& truth_xywh, bool is_crowd);

/// Whether a truth counts in neither recall nor precision at that area range.
bool is_ignored(const Truth& truth, const AreaRange& range);

/// Appends one Outcome for each of the best kMaxDetections candidates, best score first (ties: as given). Without `measure` by boxes.
void match_image(const std::vector<Truth>& truths, const std::vector<Candidate>& candidates, std::vector<Outcome>& outcomes,
                 const Measure* measure = nullptr);

}  // namespace nibble::coco

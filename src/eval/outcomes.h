// SPDX-License-Identifier: Apache-2.0
// What became of each object at a working confidence: found, faded, taken for another class, mislocated, missed; and what was
// seen where nothing is. The objects are the ground truth, or what another network sees.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "data/coco.h"
#include "eval/detection.h"

namespace nibble {

enum class ObjectSize : std::uint8_t { small, medium, large };  ///< COCO: below 32^2 px^2, to 96^2, above
inline constexpr std::size_t kSizes = 3;
const char* name_of(ObjectSize size);
ObjectSize size_of_area(double area_px2);

struct SeenObject {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;
  std::array<double, 4> box_xywh_px{};
  double area_px2 = 0;
  bool is_crowd = false;  ///< a crowd is no object itself; detections inside it are no false alarms
  double score = 1;       ///< given by the network that sees it; 1 for ground truth
};
std::vector<SeenObject> objects_of(const CocoDataset& truth);
/// The detections with a score of at least `confidence`, as objects.
std::vector<SeenObject> objects_of(const std::vector<Detection>& detections, double confidence);

enum class Outcome : std::uint8_t {
  found,        ///< its class at IoU >= 0.5, confident
  faded,        ///< its class at IoU >= 0.5, below the confidence, at least a fifth of it
  wrong_class,  ///< another class at IoU >= 0.5, confident
  mislocated,   ///< its class at 0.1 <= IoU < 0.5, confident
  missed,       ///< none of these
};
inline constexpr std::size_t kOutcomes = 5;
const char* name_of(Outcome outcome);

/// Confident detections that stand for no object.
enum class Alarm : std::uint8_t {
  duplicate,   ///< one more detection of an object that was found
  risen,       ///< the network that the objects come from sees it too, below the confidence
  background,  ///< there is nothing
};
inline constexpr std::size_t kAlarms = 3;
const char* name_of(Alarm alarm);

struct ObjectOutcome {
  Outcome outcome = Outcome::missed;
  std::size_t detection = SIZE_MAX;  ///< index of what decided it; SIZE_MAX when missed
  double iou = 0;
};

struct OutcomeCounts {
  std::array<std::array<std::int64_t, kOutcomes>, kSizes> objects{};
  std::array<std::array<std::int64_t, kAlarms>, kSizes> alarms{};            ///< by the size of the detection's box
  std::array<std::int64_t, 3> found_by_iou{};                                ///< found with IoU 0.5 to 0.75, to 0.9, above
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> confusions;  ///< {category, taken for} -> wrong_class objects

  std::int64_t count(Outcome outcome) const;
  std::int64_t count(Alarm alarm) const;
  std::int64_t total() const;  ///< objects
};
struct Outcomes {
  std::vector<ObjectOutcome> objects;  ///< one for each object that is no crowd, in their order
  OutcomeCounts counts;
};

/// Detections by descending score take the free object of their class with the largest IoU >= 0.5 (as COCO does, at 0.5); then the
/// rest of the objects look for an explanation among what is left. `measure`: all detections of the network the objects come
/// from, for Alarm::risen; empty for ground truth.
Outcomes classify_outcomes(const std::vector<SeenObject>& objects, const std::vector<Detection>& detections, double confidence,
                           const std::vector<Detection>& measure = {});

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Where and how two files of one model differ, and what would help.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nibble/intervals.h"
#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/visibility.h"

namespace nibble {

// ---- Layers: how the error grows from the image to the head.

/// Decibels at which the error has 1 % of the signal's power: what the reports call "diverged".
inline constexpr double kDivergedDb = 20;

/// How far the outputs of one convolution lie apart in the two files.
struct LayerDrift {
  std::string layer;
  bool is_finite = true;  ///< The outputs of both files; the numbers below mean nothing otherwise.
  double sqnr_db = 0;     ///< Decibels: power of A around its channel means over the power of B - A; infinite when equal.
  double slope = 1;       ///< Of B on A, around the channel means: below 1 the signal fades.
  /// Shares of the error's power, 1 together (0 when equal): the channel's mean moved; the channel became a multiple of itself; the rest.
  double mean_share = 0, gain_share = 0, noise_share = 0;
  /// Lowest sqnr_db of the layers that feed it; nothing where the image alone does.
  std::optional<double> inherited_db;

  bool is_equal() const { return is_finite && sqnr_db == std::numeric_limits<double>::infinity(); }
  /// Decibels that the layer itself lost against the worst of what feeds it; nothing where that is exact.
  std::optional<double> drop_db() const {
    if (!is_finite || !inherited_db || !std::isfinite(*inherited_db) || !std::isfinite(sqnr_db)) return std::nullopt;
    return *inherited_db - sqnr_db;
  }
};

struct TensorComparison {
  std::vector<LayerDrift> layers;           ///< In A's order.
  std::vector<bool> is_end;                 ///< Of each layer: no other convolution follows.
  std::vector<std::string> only_a, only_b;  ///< Layers that only one of the files has.
  bool matched_by_place = false;            ///< Names differ: the n-th convolution of one is the n-th of the other.
  std::int64_t images = 0;                  ///< Images that were compared.

  /// Index of the first layer that differs; nothing where all are equal.
  std::optional<std::size_t> first_different() const {
    return first_where([](const LayerDrift& layer) { return !layer.is_equal(); });
  }
  /// Index of the first layer below so many decibels; one that is not finite counts as below.
  std::optional<std::size_t> first_below(double limit_db) const {
    return first_where([&](const LayerDrift& layer) { return !layer.is_finite || layer.sqnr_db < limit_db; });
  }
  /// Indices of the layers that have a drop_db, the largest first.
  std::vector<std::size_t> by_drop() const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (layers[i].drop_db()) order.push_back(i);
    std::stable_sort(order.begin(), order.end(), [&](std::size_t l, std::size_t r) { return *layers[l].drop_db() > *layers[r].drop_db(); });
    return order;
  }

 private:
  template <class Condition>
  std::optional<std::size_t> first_where(const Condition& holds) const {
    for (std::size_t i = 0; i < layers.size(); ++i)
      if (holds(layers[i])) return i;
    return std::nullopt;
  }
};

// ---- Parts: what would be gained if a part of the network were not quantised.

struct PartGain {
  std::string part;                 ///< "model.8"; in the module that the outputs come from, "model.23.cv3".
  std::vector<std::string> layers;  ///< Its layers that are quantised otherwise in B than in A.
  double gain = 0;                  ///< Share of B's disagreement with A that goes when A's layers are put in; may be negative.
  /// The same with the inputs still quantised, for the best parts of a file with quantised inputs: what the weights alone cost.
  std::optional<double> gain_of_weights;
  std::int64_t weights = 0;  ///< Number of weights in these layers.
  int weight_bits = 32;      ///< The least of B's layers.
  bool has_quantized_input = false;
};
struct PartGains {
  double disagreement = 0;      ///< Of B with A, on all images: squared differences of scores and overlaps, summed; 0: they agree.
  std::vector<PartGain> parts;  ///< The largest gain first.
  std::int64_t images = 0;      ///< Images that it was tried on.
};

// ---- Detections.

/// COCO's sizes of objects: below 32^2 px^2, to 96^2 px^2, above.
enum class ObjectSize : std::uint8_t { small, medium, large };
inline constexpr std::size_t kSizes = 3;
inline const char* name_of(ObjectSize size) {
  constexpr std::array<const char*, kSizes> kNames = {"small", "medium", "large"};
  return kNames.at(static_cast<std::size_t>(size));
}

/// What became of an object at a working confidence.
enum class Outcome : std::uint8_t {
  found,        ///< Its class at IoU >= 0.5, confident.
  faded,        ///< Its class at IoU >= 0.5, below the confidence, at least a fifth of it.
  wrong_class,  ///< Another class at IoU >= 0.5, confident.
  mislocated,   ///< Its class at 0.1 <= IoU < 0.5, confident.
  missed,       ///< None of these.
};
inline constexpr std::size_t kOutcomes = 5;
inline const char* name_of(Outcome outcome) {
  constexpr std::array<const char*, kOutcomes> kNames = {"found", "faded", "wrong class", "mislocated", "missed"};
  return kNames.at(static_cast<std::size_t>(outcome));
}

/// Confident detections that stand for no object.
enum class Alarm : std::uint8_t {
  duplicate,   ///< Of a found object.
  risen,       ///< The network that is the measure sees it too, below the confidence.
  background,  ///< Nothing is there.
};
inline constexpr std::size_t kAlarms = 3;
inline const char* name_of(Alarm alarm) {
  constexpr std::array<const char*, kAlarms> kNames = {"duplicate", "risen", "background"};
  return kNames.at(static_cast<std::size_t>(alarm));
}

struct OutcomeCounts {
  std::array<std::array<std::int64_t, kOutcomes>, kSizes> objects{};         ///< objects[size][outcome].
  std::array<std::array<std::int64_t, kAlarms>, kSizes> alarms{};            ///< alarms[size of the detection's box][alarm].
  std::array<std::int64_t, 3> found_by_iou{};                                ///< Found with IoU 0.5 to 0.75, to 0.9, above.
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> confusions;  ///< {category, taken for} -> wrong_class objects.

  /// Of all sizes.
  std::int64_t count(Outcome outcome) const {
    std::int64_t sum = 0;
    for (const auto& row : objects) sum += row[static_cast<std::size_t>(outcome)];
    return sum;
  }
  /// Of all sizes.
  std::int64_t count(Alarm alarm) const {
    std::int64_t sum = 0;
    for (const auto& row : alarms) sum += row[static_cast<std::size_t>(alarm)];
    return sum;
  }
  /// All objects.
  std::int64_t total() const {
    std::int64_t sum = 0;
    for (const auto& row : objects)
      for (const auto count : row) sum += count;
    return sum;
  }
};

/// How the scores of the objects that both networks see have moved.
struct ScoreShift {
  std::int64_t pairs = 0;       ///< Objects that are found or faded.
  double mean = 0;              ///< Of B's score minus A's.
  double median = 0;            ///< Of the same.
  double fallen_share = 0;      ///< Share of the pairs that fell by more than 0.1.
  double mean_iou = 0;          ///< Of the pairs' boxes.
  double equal_confidence = 0;  ///< Where B has as many detections as A has at the confidence: what to use with B instead.
};

/// Both networks against the ground truth at the working confidence.
struct TruthOutcomes {
  OutcomeCounts a, b;
  std::int64_t lost = 0;                          ///< Objects that A finds and B does not.
  std::int64_t gained = 0;                        ///< Objects that B finds and A does not.
  std::array<std::int64_t, kOutcomes> lost_as{};  ///< What became of the lost ones in B, by Outcome.
};

/// How two networks disagree about what they see. Everything that can be wrong with B where A is right is one of these.
enum class Change : std::uint8_t { missed, extra, wrong_class, location, score };
inline constexpr std::size_t kChanges = 5;
inline const char* name_of(Change change) {
  constexpr std::array<const char*, kChanges> kNames = {"missed", "extra", "wrong class", "location", "score"};
  return kNames.at(static_cast<std::size_t>(change));
}

/// mAP 50-95 of all objects and by COCO's sizes, 0..1; -1: there is no such object.
struct SizedMap {
  double all = -1, small = -1, medium = -1, large = -1;
};
struct ChangeCost {
  Change change = Change::missed;
  SizedMap repaired;  ///< B's, when this alone is repaired.
  /// Its part of the loss (A - B), the mean over all orders in which the kinds can be repaired (Shapley's value): adds up to the loss over
  /// the five kinds. Negative: the change did good. 0 where undefined.
  SizedMap cost;
};
struct RepairStudy {
  SizedMap a, b;
  std::array<ChangeCost, kChanges> changes;            ///< In Change's order.
  MetricIntervals a_intervals = {}, b_intervals = {};  ///< Of all COCO numbers by name, where resamples were drawn.
  MetricChanges differences = {};                      ///< B's numbers against A's.
};

/// How far B finds again what A is sure of: COCO's mAP of B's detections, with A's detections of at least the confidence as labels, 0..1.
/// 1: every one of them again, in the same place, before anything else. -1: there are none.
struct Agreement {
  double map_50 = -1;  ///< At IoU 0.5.
  SizedMap map;        ///< mAP 50-95; sizes are those of A's boxes.
};

struct DetectionBlame {
  double confidence = 0.25;            ///< The score from which on a detection counts as an object.
  Agreement agreement;                 ///< Needs no annotations.
  OutcomeCounts against_a;             ///< The objects are A's confident detections.
  ScoreShift shift;                    ///< From A to B.
  std::optional<TruthOutcomes> truth;  ///< Where there are annotations.
  std::optional<RepairStudy> repairs;  ///< Where there are annotations.
};

// ---- What a task adds to boxes, or has instead: how far B is from A, without annotations.
//
// Pairs are objects that both files see: A's of at least the confidence, and B's of the same class at an IoU of their boxes of 0.5 or more,
// of at least a fifth of the confidence; of oriented boxes the upright boxes around them decide.

/// The masks of segmentation models.
struct MaskDrift {
  std::int64_t objects = 0;   ///< That A sees.
  std::int64_t pairs = 0;     ///< Of these with B's.
  double mean_iou = 0;        ///< Of the two masks of each pair: 1 where all are the same.
  double below_75_share = 0;  ///< Share of the pairs whose masks overlap by less than 0.75.
};
/// The keypoints of pose models, where A's confidence of them is at least 0.25.
struct KeypointDrift {
  std::int64_t objects = 0;  ///< That A sees.
  std::int64_t pairs = 0;    ///< Of these with B's, with a keypoint that A is sure of.
  double mean_px = 0;        ///< Distance of B's keypoint from A's, over all keypoints of all pairs, in pixels of the image.
  double median_px = 0;      ///< Of the same.
  double mean_share = 0;     ///< The mean distance as a share of the object's size, the square root of the area of A's box.
  double mean_similarity =
      0;  ///< Object keypoint similarity with A's as the truth and 0.53 of its box as its area, as Ultralytics takes it.
};
/// The angles of oriented boxes.
struct AngleDrift {
  std::int64_t objects = 0;  ///< That A sees.
  std::int64_t pairs = 0;    ///< Of these with B's.
  /// By how many degrees B's box is turned against A's: 0 to 90, between the longer sides; of boxes that are nearly square (sides within 10
  /// %) 0 to 45, between the nearest sides.
  double mean_degrees = 0;
  double median_degrees = 0;
  double above_5_share = 0;  ///< Share of the pairs that are turned by more than 5 degrees.
  double mean_overlap = 0;   ///< Probabilistic IoU of the turned boxes.
};
/// An image whose best class is another one in B.
struct ChangedClass {
  std::string image;
  std::string a, b;                             ///< The names of the best classes.
  double a_probability = 0, b_probability = 0;  ///< Of each in its own file.
};
/// The classes of classifiers.
struct ClassDrift {
  std::int64_t images = 0;
  std::int64_t same_top_1 = 0;        ///< Images of which both say the same class.
  double mean_change = 0;             ///< Mean absolute change of the probability of A's best class.
  std::vector<ChangedClass> changed;  ///< All others, those that A is surest of first.
};

// ---- The whole.

struct ComparedFile {
  std::string path;        ///< As it was given, or relative to a run directory.
  std::string sha256;      ///< In lower-case hexadecimal.
  std::int64_t bytes = 0;  ///< Its size.
  std::string head;        ///< What its output is: "one2one", "one2many", "raw".
};
struct Advice {
  std::string what;  ///< What to do.
  std::string why;   ///< What was found.
  double share = 0;  ///< Roughly how much of the difference it is about, 0..1: of the disagreement, the lost mAP or the objects.
};

struct CompareOptions {
  std::filesystem::path a;          ///< The measure, usually the float baseline.
  std::filesystem::path b;          ///< What is judged by it, usually a quantised file.
  DataOptions data;                 ///< Images without annotations will do; neither: the embedded images. Without max_images, 100.
  double confidence = 0.25;         ///< The score from which on a detection counts as an object.
  DetectorFileOptions file;         ///< Of both files.
  std::int64_t tensor_images = 16;  ///< Images for the comparison of layers and parts; 0: detections only.
  bool parts = true;                ///< Try the parts of B unquantised.
  std::int64_t resamples = kDefaultResamples;  ///< Drawn for intervals (nibble/intervals.h); 0: no intervals.
  std::filesystem::path json;                  ///< File to write the whole comparison to (docs/formats.md); empty: none.
  RuntimeOptions runtime;
};
struct Comparison {
  ComparedFile a, b;
  std::string images, annotations;  ///< What it was done on; annotations empty: there are none.
  std::int64_t count = 0;           ///< Images.
  std::map<std::int64_t, std::string> category_names;
  std::optional<TensorComparison> tensors;
  std::optional<PartGains> parts;
  std::string task = "detect";     ///< Of both files.
  DetectionBlame detections;       ///< Of oriented boxes the upright boxes around them; nothing of classifiers.
  std::optional<MaskDrift> masks;  ///< Where the task has them.
  std::optional<KeypointDrift> keypoints;
  std::optional<AngleDrift> angles;
  std::optional<ClassDrift> classes;
  std::vector<Advice> advice;      ///< The largest share first; never empty: where nothing helps it says so.
  std::vector<std::string> notes;  ///< What was left out, and why.
  std::string lost_scores;         ///< Why B detects nothing, where its file shows that; empty: nothing is shown.
};
/// Runs both files on the same images and compares their layers and what they see. Throws Error(input) for files of different tasks or
/// classes, Error(usage) for annotations of a classifier's images.
NIBBLE_EXPORT Comparison compare(const CompareOptions& options, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Precision and recall after pycocotools' COCOeval.accumulate and summarize. Only images and classes that have anything
// are visited, and only found detections matter to the precision curve: between two of them precision falls, so its upper
// envelope has its corners there.
#include "eval/coco_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <thread>
#include <unordered_map>

#include "base/threads.h"
#include "eval/coco_match.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using namespace coco;

constexpr std::size_t kRecallPoints = 101;
constexpr std::array<std::uint32_t, 3> kDetectionLimits = {1, 10, 100};
constexpr std::size_t kAll = 0, kSmall = 1, kMedium = 2, kLarge = 3;

// ---- gathering: what belongs to each class, by image

template <class Item>
struct Placed {
  std::uint32_t image;  ///< position in ground_truth.images
  Item item;
};
struct ClassInput {
  std::vector<Placed<Truth>> truths;
  std::vector<Placed<Candidate>> candidates;
};

template <class Item>
void sort_by_image(std::vector<Placed<Item>>& items) {
  const auto before = [](const Placed<Item>& a, const Placed<Item>& b) { return a.image < b.image; };
  if (!std::is_sorted(items.begin(), items.end(), before)) std::stable_sort(items.begin(), items.end(), before);
}

using Positions = std::unordered_map<std::int64_t, std::uint32_t>;

template <class Item>
Positions positions_of(const std::vector<Item>& items) {
  Positions positions;
  for (const auto& item : items) positions.emplace(item.id, static_cast<std::uint32_t>(positions.size()));
  return positions;
}

/// In pycocotools' order: by image, then as in the file; each stands for the last annotation with its id.
std::vector<const CocoAnnotation*> resolved_annotations(const CocoDataset& dataset) {
  std::unordered_map<std::int64_t, const CocoAnnotation*> last;
  std::vector<const CocoAnnotation*> annotations;
  for (const auto& annotation : dataset.annotations) {
    last[annotation.id] = &annotation;
    annotations.push_back(&annotation);
  }
  std::stable_sort(annotations.begin(), annotations.end(), [](const auto* a, const auto* b) { return a->image_id < b->image_id; });
  for (auto& annotation : annotations) annotation = last[annotation->id];
  return annotations;
}

Error unknown_id(const CocoDataset& dataset, const std::string& thing, std::int64_t id) {
  return {ErrorKind::input, fmt::format("evaluation: {}: {} {} is not in the data set; use the annotations the detections were made for",
                                        dataset.source.string(), thing, id)};
}

void gather_truths(const CocoDataset& dataset, const Positions& images, const Positions& classes, std::vector<ClassInput>& inputs) {
  for (const auto* a : resolved_annotations(dataset)) {
    const auto image = images.find(a->image_id);
    const auto category = classes.find(a->category_id);
    if (image == images.end()) throw unknown_id(dataset, fmt::format("annotation {}: image", a->id), a->image_id);
    if (category == classes.end()) throw unknown_id(dataset, fmt::format("annotation {}: category", a->id), a->category_id);
    inputs[category->second].truths.push_back({image->second, {a->box_xywh_px, a->area_px2, a->is_crowd, a->id != 0}});
  }
}

void check_detection(const Detection& detection, std::size_t index) {
  const auto& b = detection.box_xywh_px;
  const auto fail = [&](const std::string& why) {
    throw Error(ErrorKind::input, fmt::format("evaluation: detection {} (image {}): {}", index, detection.image_id, why));
  };
  if (!std::isfinite(detection.score)) fail(fmt::format("score {} is not a finite number", detection.score));
  if (!std::all_of(b.begin(), b.end(), [](double v) { return std::isfinite(v); })) fail("the box is not finite");
  if (b[2] < 0 || b[3] < 0) fail(fmt::format("negative size {} x {}", b[2], b[3]));
}

void gather_detections(const CocoDataset& dataset, const std::vector<Detection>& detections, const Positions& images,
                       const Positions& classes, std::vector<ClassInput>& inputs) {
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const auto& d = detections[i];
    check_detection(d, i);
    const auto image = images.find(d.image_id);
    if (image == images.end()) throw unknown_id(dataset, fmt::format("detection {}: image", i), d.image_id);
    const auto category = classes.find(d.category_id);
    if (category != classes.end()) inputs[category->second].candidates.push_back({image->second, {d.box_xywh_px, d.score}});
  }
}

std::vector<ClassInput> gather(const CocoDataset& dataset, const std::vector<Detection>& detections) {
  const auto images = positions_of(dataset.images), classes = positions_of(dataset.categories);
  std::vector<ClassInput> inputs(dataset.categories.size());
  gather_truths(dataset, images, classes, inputs);
  gather_detections(dataset, detections, images, classes, inputs);
  for (auto& input : inputs) {
    sort_by_image(input.truths);
    sort_by_image(input.candidates);
  }
  return inputs;
}

// ---- matching one class

/// Moves the items of `image` from position `at` on to `out`.
template <class Item>
void take_image(const std::vector<Placed<Item>>& items, std::size_t& at, std::uint32_t image, std::vector<Item>& out) {
  out.clear();
  for (; at < items.size() && items[at].image == image; ++at) out.push_back(items[at].item);
}

std::vector<Outcome> match_class(const ClassInput& input) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(input.candidates.size());
  std::vector<Truth> truths;
  std::vector<Candidate> candidates;
  for (std::size_t t = 0, c = 0; c < input.candidates.size();) {
    const auto image = input.candidates[c].image;
    while (t < input.truths.size() && input.truths[t].image < image) ++t;
    take_image(input.truths, t, image, truths);
    take_image(input.candidates, c, image, candidates);
    match_image(truths, candidates, outcomes);
  }
  std::stable_sort(outcomes.begin(), outcomes.end(), [](const Outcome& a, const Outcome& b) { return a.score > b.score; });
  return outcomes;
}

// ---- precision and recall of one class

struct ClassResult {
  std::array<std::int64_t, kAreas> counted{};                                       ///< ground truths
  std::array<std::array<double, kThresholds>, kAreas> precision{};                  ///< mean over the recall points
  std::array<std::array<double, kThresholds>, kAreas> recall{};                     ///< at 100 detections
  std::array<std::array<double, kThresholds>, kDetectionLimits.size()> by_limit{};  ///< recall, all areas
};

/// Precision at its upper envelope, averaged over the recall points 0, 0.01, ... 1. `alarms[k]`: false alarms that rank
/// before the (k+1)-th find. Example: one truth of two found first, nothing else: 51 points at 1, 50 at 0.
double mean_precision(const std::vector<std::int64_t>& alarms, std::int64_t counted) {
  constexpr double kEpsilon = 2.220446049250313e-16;  // numpy.spacing(1)
  std::vector<double> precision(alarms.size());
  for (std::size_t k = alarms.size(); k-- > 0;) {
    const auto finds = static_cast<double>(k + 1);
    precision[k] = finds / (static_cast<double>(alarms[k]) + finds + kEpsilon);
    if (k + 1 < alarms.size()) precision[k] = std::max(precision[k], precision[k + 1]);
  }
  double sum = 0;
  std::size_t k = 0;
  for (std::size_t r = 0; r < kRecallPoints; ++r) {
    const double recall = r + 1 < kRecallPoints ? static_cast<double>(r) * 0.01 : 1.0;
    while (k < alarms.size() && static_cast<double>(k + 1) / static_cast<double>(counted) < recall) ++k;
    if (k == alarms.size()) break;
    sum += precision[k];
  }
  return sum / kRecallPoints;
}

void measure_curve(const std::vector<Outcome>& outcomes, std::size_t area, std::size_t threshold, ClassResult& result) {
  const auto bit = bit_of(area, threshold);
  const auto counted = result.counted[area];
  std::vector<std::int64_t> alarms;
  std::array<std::int64_t, kDetectionLimits.size()> finds{};
  std::int64_t false_alarms = 0;
  for (const auto& outcome : outcomes) {
    if (outcome.ignored & bit) continue;
    if (!(outcome.found & bit)) {
      ++false_alarms;
      continue;
    }
    alarms.push_back(false_alarms);
    for (std::size_t m = 0; m < finds.size(); ++m) finds[m] += outcome.rank < kDetectionLimits[m];
  }
  result.precision[area][threshold] = mean_precision(alarms, counted);
  result.recall[area][threshold] = static_cast<double>(finds.back()) / static_cast<double>(counted);
  if (area != kAll) return;
  for (std::size_t m = 0; m < finds.size(); ++m)
    result.by_limit[m][threshold] = static_cast<double>(finds[m]) / static_cast<double>(counted);
}

ClassResult measure_class(const ClassInput& input) {
  ClassResult result;
  for (std::size_t a = 0; a < kAreas; ++a)
    result.counted[a] = std::count_if(input.truths.begin(), input.truths.end(),
                                      [&](const auto& placed) { return !is_ignored(placed.item, kAreaRanges[a]); });
  if (result.counted[kAll] == 0) return result;  // the other ranges lie within it
  const auto outcomes = match_class(input);
  for (std::size_t a = 0; a < kAreas; ++a)
    for (std::size_t t = 0; t < kThresholds && result.counted[a] > 0; ++t) measure_curve(outcomes, a, t, result);
  return result;
}

std::vector<ClassResult> measure_classes(const std::vector<ClassInput>& inputs, int threads) {
  std::vector<ClassResult> results(inputs.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t k = next++; k < inputs.size(); k = next++) results[k] = measure_class(inputs[k]);
  };
  const auto workers = std::min(static_cast<std::size_t>(thread_count(threads)), inputs.size());
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < workers; ++i) others.push_back(std::async(std::launch::async, work));
  work();
  for (auto& other : others) other.get();
  return results;
}

// ---- summary

/// Mean over the classes that have ground truth in `area`; -1 if none has.
template <class ValueOf>
double mean_over_classes(const std::vector<ClassResult>& results, std::size_t area, ValueOf value_of) {
  double sum = 0;
  std::int64_t classes = 0;
  for (const auto& result : results) {
    if (result.counted[area] == 0) continue;
    sum += value_of(result);
    ++classes;
  }
  return classes > 0 ? sum / static_cast<double>(classes) : -1;
}

double mean_of(const std::array<double, kThresholds>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / kThresholds;
}

void summarize_means(const std::vector<ClassResult>& results, CocoMetrics& metrics) {
  const auto precision = [&](std::size_t area) {
    return mean_over_classes(results, area, [&](const ClassResult& r) { return mean_of(r.precision[area]); });
  };
  const auto recall = [&](std::size_t area) {
    return mean_over_classes(results, area, [&](const ClassResult& r) { return mean_of(r.recall[area]); });
  };
  const auto precision_at = [&](std::size_t threshold) {
    return mean_over_classes(results, kAll, [&](const ClassResult& r) { return r.precision[kAll][threshold]; });
  };
  const auto recall_of_best = [&](std::size_t limit) {
    return mean_over_classes(results, kAll, [&](const ClassResult& r) { return mean_of(r.by_limit[limit]); });
  };
  metrics.map_50_95 = precision(kAll);
  metrics.map_50 = precision_at(0);
  metrics.map_75 = precision_at(5);
  metrics.map_small = precision(kSmall);
  metrics.map_medium = precision(kMedium);
  metrics.map_large = precision(kLarge);
  metrics.ar_1 = recall_of_best(0);
  metrics.ar_10 = recall_of_best(1);
  metrics.ar_100 = recall_of_best(2);
  metrics.ar_small = recall(kSmall);
  metrics.ar_medium = recall(kMedium);
  metrics.ar_large = recall(kLarge);
}

ClassAp class_ap(const CocoCategory& category, const ClassResult& result) {
  ClassAp row{category.id, category.name, -1, -1, result.counted[kAll]};
  if (row.instances == 0) return row;
  row.ap_50_95 = mean_of(result.precision[kAll]);
  row.ap_50 = result.precision[kAll][0];
  return row;
}

Json number_or_null(double value) { return value < 0 ? Json(nullptr) : Json(value); }

}  // namespace

CocoMetrics evaluate_coco(const CocoDataset& ground_truth, const std::vector<Detection>& detections, int threads) {
  const auto results = measure_classes(gather(ground_truth, detections), threads);
  CocoMetrics metrics;
  summarize_means(results, metrics);
  for (std::size_t k = 0; k < results.size(); ++k) metrics.per_class.push_back(class_ap(ground_truth.categories[k], results[k]));
  metrics.num_images = static_cast<std::int64_t>(ground_truth.images.size());
  metrics.num_detections = static_cast<std::int64_t>(detections.size());
  return metrics;
}

std::vector<Detection> select_detections(const std::vector<Detection>& detections, const CocoDataset& selection) {
  const auto images = positions_of(selection.images);
  std::vector<Detection> selected;
  std::copy_if(detections.begin(), detections.end(), std::back_inserter(selected),
               [&](const Detection& d) { return images.contains(d.image_id); });
  return selected;
}

Json to_json(const CocoMetrics& m) {
  Json json;
  const std::array<std::pair<const char*, double>, 12> numbers = {{{"mAP_50_95", m.map_50_95},
                                                                   {"mAP_50", m.map_50},
                                                                   {"mAP_75", m.map_75},
                                                                   {"mAP_small", m.map_small},
                                                                   {"mAP_medium", m.map_medium},
                                                                   {"mAP_large", m.map_large},
                                                                   {"AR_1", m.ar_1},
                                                                   {"AR_10", m.ar_10},
                                                                   {"AR_100", m.ar_100},
                                                                   {"AR_small", m.ar_small},
                                                                   {"AR_medium", m.ar_medium},
                                                                   {"AR_large", m.ar_large}}};
  for (const auto& [name, value] : numbers) json[name] = number_or_null(value);
  json["per_class"] = Json::array();
  for (const auto& row : m.per_class)
    json["per_class"].push_back({{"category_id", row.category_id},
                                 {"name", row.name},
                                 {"AP_50_95", number_or_null(row.ap_50_95)},
                                 {"AP_50", number_or_null(row.ap_50)},
                                 {"instances", row.instances}});
  json["num_images"] = m.num_images;
  json["num_detections"] = m.num_detections;
  return json;
}

}  // namespace nibble

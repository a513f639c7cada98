// SPDX-License-Identifier: Apache-2.0
// Gathering for COCO metrics: only images and classes that have anything are visited.
#include "eval/class_outcomes.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <future>
#include <thread>
#include <unordered_map>

#include "base/threads.h"
#include "nibble/error.h"

namespace nibble::coco {
namespace {

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

void gather_truths(const CocoDataset& dataset, const Positions& images, const Positions& classes, const Measure* measure,
                   std::vector<ClassInput>& inputs) {
  for (const auto* a : resolved_annotations(dataset)) {
    const auto image = images.find(a->image_id);
    const auto category = classes.find(a->category_id);
    if (image == images.end()) throw unknown_id(dataset, fmt::format("annotation {}: image", a->id), a->image_id);
    if (category == classes.end()) throw unknown_id(dataset, fmt::format("annotation {}: category", a->id), a->category_id);
    const auto index = static_cast<std::size_t>(a - dataset.annotations.data());
    const bool is_void = measure && measure->is_void && measure->is_void(index);
    inputs[category->second].truths.push_back({image->second, {a->box_xywh_px, a->area_px2, a->is_crowd, a->id != 0, is_void, index}});
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
    if (category != classes.end()) inputs[category->second].candidates.push_back({image->second, {d.box_xywh_px, d.score, i}});
  }
}

std::vector<ClassInput> gather(const CocoDataset& dataset, const std::vector<Detection>& detections, const Measure* measure) {
  const auto images = positions_of(dataset.images), classes = positions_of(dataset.categories);
  std::vector<ClassInput> inputs(dataset.categories.size());
  gather_truths(dataset, images, classes, measure, inputs);
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

std::vector<Outcome> match_class(const ClassInput& input, const Measure* measure) {
  std::vector<Outcome> outcomes;
  outcomes.reserve(input.candidates.size());
  std::vector<Truth> truths;
  std::vector<Candidate> candidates;
  for (std::size_t t = 0, c = 0; c < input.candidates.size();) {
    const auto image = input.candidates[c].image;
    while (t < input.truths.size() && input.truths[t].image < image) ++t;
    take_image(input.truths, t, image, truths);
    take_image(input.candidates, c, image, candidates);
    const auto first = outcomes.size();
    match_image(truths, candidates, outcomes, measure);
    for (auto o = first; o < outcomes.size(); ++o) outcomes[o].image = image;
  }
  std::stable_sort(outcomes.begin(), outcomes.end(), [](const Outcome& a, const Outcome& b) { return a.score > b.score; });
  return outcomes;
}

ClassOutcomes match_all(const ClassInput& input, const Measure* measure) {
  ClassOutcomes result;
  for (std::size_t a = 0; a < kAreas; ++a)
    for (const auto& placed : input.truths)
      if (!is_ignored(placed.item, kAreaRanges[a])) result.truths[a].push_back(placed.image);
  if (!result.truths.front().empty()) result.outcomes = match_class(input, measure);  // the other ranges lie within the first
  return result;
}

}  // namespace

void for_each_index(std::size_t count, int threads, const std::function<void(std::size_t)>& body) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) body(i);
  };
  const auto workers = std::min(static_cast<std::size_t>(thread_count(threads)), count);
  std::vector<std::future<void>> others;
  for (std::size_t i = 1; i < workers; ++i) others.push_back(std::async(std::launch::async, work));
  work();
  for (auto& other : others) other.get();
}

std::vector<ClassOutcomes> match_classes(const CocoDataset& dataset, const std::vector<Detection>& detections, int threads,
                                         const Measure* measure) {
  const auto inputs = gather(dataset, detections, measure);
  std::vector<ClassOutcomes> classes(inputs.size());
  for_each_index(inputs.size(), threads, [&](std::size_t k) { classes[k] = match_all(inputs[k], measure); });
  return classes;
}

}  // namespace nibble::coco

// SPDX-License-Identifier: Apache-2.0
#include "eval/picture_choice.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "eval/box_changes.h"
#include "eval/by_image.h"

namespace nibble {
namespace {

ImageChange change_of(std::int64_t image_id, const std::vector<Detection>& baseline, const std::vector<Detection>& model) {
  ImageChange result{.image_id = image_id, .baseline_boxes = static_cast<std::int64_t>(baseline.size()), .changes = {}, .amount = 0};
  const auto changes = box_changes(baseline, model);
  const auto add = [&](BoxChange change, double score) {
    ++result.changes[static_cast<std::size_t>(change)];
    if (change != BoxChange::none) result.amount += score;
  };
  for (std::size_t i = 0; i < model.size(); ++i) add(changes.model[i], model[i].score);
  for (std::size_t i = 0; i < baseline.size(); ++i)
    if (changes.baseline[i] == BoxChange::lost) add(BoxChange::lost, baseline[i].score);
  return result;
}

double median_amount(std::vector<ImageChange> changes) {
  const auto middle = changes.begin() + static_cast<std::ptrdiff_t>(changes.size() / 2);
  std::nth_element(changes.begin(), middle, changes.end(), [](const auto& a, const auto& b) { return a.amount < b.amount; });
  return middle->amount;
}

void keep_first(std::vector<ImageChange>& changes, std::size_t count) {
  if (changes.size() > count) changes.resize(count);
}

}  // namespace

std::vector<Detection> shown_boxes(const std::vector<Detection>& detections, double confidence) {
  std::vector<Detection> confident;
  std::copy_if(detections.begin(), detections.end(), std::back_inserter(confident), [&](const auto& d) { return d.score >= confidence; });
  std::stable_sort(confident.begin(), confident.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  std::set<std::pair<std::int64_t, std::array<double, 4>>> taken;
  std::vector<Detection> shown;
  for (const auto& detection : confident)
    if (taken.emplace(detection.image_id, detection.box_xywh_px).second) shown.push_back(detection);
  return shown;
}

std::vector<ImageChange> image_changes(const std::vector<CocoImage>& images, const std::vector<Detection>& baseline,
                                       const std::vector<Detection>& model) {
  auto of_baseline = by_image(baseline), of_model = by_image(model);
  std::vector<ImageChange> changes;
  for (const auto& image : images) changes.push_back(change_of(image.id, of_baseline[image.id], of_model[image.id]));
  return changes;
}

PictureChoice choose_pictures(const std::vector<ImageChange>& changes, std::size_t most, std::size_t typical) {
  PictureChoice choice;
  if (changes.empty()) return choice;
  auto ordered = changes;
  std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) { return a.amount > b.amount; });
  const double median = median_amount(changes);
  for (const auto& change : ordered) {
    if (change.amount > 0 && choice.most_changed.size() < most)
      choice.most_changed.push_back(change);
    else if (change.baseline_boxes > 0)
      choice.typical.push_back(change);
  }
  std::stable_sort(choice.typical.begin(), choice.typical.end(),
                   [&](const auto& a, const auto& b) { return std::abs(a.amount - median) < std::abs(b.amount - median); });
  keep_first(choice.typical, typical);
  return choice;
}

}  // namespace nibble

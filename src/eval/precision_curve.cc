// SPDX-License-Identifier: Apache-2.0
#include "eval/precision_curve.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "eval/coco_match.h"

namespace nibble {
namespace {

constexpr std::size_t kRecallPoints = 101;
using Curve = std::array<double, kRecallPoints>;

struct Scene {
  std::vector<coco::Truth> truths;
  std::vector<coco::Candidate> candidates;
};
/// By class, then by image in ascending order.
using Scenes = std::map<std::int64_t, std::map<std::int64_t, Scene>>;

Scenes scenes_of(const CocoDataset& truth, const std::vector<Detection>& detections) {
  std::set<std::int64_t> images, categories;
  for (const auto& image : truth.images) images.insert(image.id);
  for (const auto& category : truth.categories) categories.insert(category.id);
  Scenes scenes;
  for (const auto& a : truth.annotations)
    scenes[a.category_id][a.image_id].truths.push_back({a.box_xywh_px, a.area_px2, a.is_crowd, a.id != 0});
  for (const auto& d : detections)
    if (images.contains(d.image_id) && categories.contains(d.category_id))
      scenes[d.category_id][d.image_id].candidates.push_back({d.box_xywh_px, d.score});
  return scenes;
}

/// `found`: whether each detection that counts finds an object, best score first.
Curve curve_of(const std::vector<bool>& found, std::int64_t objects) {
  std::vector<double> precision, recall;
  double finds = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    finds += found[i] ? 1 : 0;
    precision.push_back(finds / static_cast<double>(i + 1));
    recall.push_back(finds / static_cast<double>(objects));
  }
  for (std::size_t i = precision.size(); i-- > 1;) precision[i - 1] = std::max(precision[i - 1], precision[i]);
  Curve curve{};
  for (std::size_t r = 0; r < kRecallPoints; ++r) {
    const auto at = std::lower_bound(recall.begin(), recall.end(), static_cast<double>(r) * 0.01);
    if (at != recall.end()) curve[r] = precision[static_cast<std::size_t>(at - recall.begin())];
  }
  return curve;
}

/// Nothing for a class without an object that counts.
bool add_class(const std::map<std::int64_t, Scene>& images, Curve& sum) {
  constexpr std::size_t kAll = 0, kAt50 = 0;
  const auto bit = coco::bit_of(kAll, kAt50);
  std::int64_t objects = 0;
  std::vector<coco::Outcome> outcomes;
  for (const auto& [id, scene] : images) {
    for (const auto& truth : scene.truths) objects += coco::is_ignored(truth, coco::kAreaRanges[kAll]) ? 0 : 1;
    coco::match_image(scene.truths, scene.candidates, outcomes);
  }
  if (objects == 0) return false;
  std::stable_sort(outcomes.begin(), outcomes.end(), [](const auto& a, const auto& b) { return a.score > b.score; });
  std::vector<bool> found;
  for (const auto& outcome : outcomes)
    if ((outcome.ignored & bit) == 0) found.push_back((outcome.found & bit) != 0);
  const auto curve = curve_of(found, objects);
  for (std::size_t r = 0; r < kRecallPoints; ++r) sum[r] += curve[r];
  return true;
}

}  // namespace

std::vector<double> precision_curve_50(const CocoDataset& truth, const std::vector<Detection>& detections) {
  Curve sum{};
  int classes = 0;
  for (const auto& [category, images] : scenes_of(truth, detections)) classes += add_class(images, sum) ? 1 : 0;
  if (classes == 0) return {};
  for (auto& value : sum) value /= classes;
  return {sum.begin(), sum.end()};
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/float_findings.h"

#include "base/json.h"

namespace nibble {
namespace {

std::string key_of_images(const EvalSet& set) {
  Json images = Json::array(), categories = Json::array();
  for (const auto& image : set.dataset.images)
    images.push_back({image.id, image_path(set, image).string(), image.width_px, image.height_px});
  for (const auto& category : set.dataset.categories) categories.push_back({category.id, category.name});
  return key_of({{"task", name_of(set.truth.task)}, {"images", images}, {"categories", categories}});
}

}  // namespace

const Findings& FloatFindings::on(const EvalSet& images, const std::function<Findings()>& look) {
  const auto key = key_of_images(images);
  const auto known = found_.find(key);
  return known != found_.end() ? known->second : found_.emplace(key, look()).first->second;
}

}  // namespace nibble

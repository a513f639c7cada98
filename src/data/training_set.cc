// SPDX-License-Identifier: Apache-2.0
#include "data/training_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "nibble/error.h"

namespace nibble {
namespace {

void require_images(const TrainingSet& set, const std::string& source) {
  if (set.images.empty()) throw Error(ErrorKind::input, fmt::format("training data: {}: no image; name a data set with images", source));
}

}  // namespace

TrainingSet training_set_of(const CocoDataset& dataset, const std::filesystem::path& images_folder) {
  TrainingSet set;
  std::map<std::int64_t, std::int64_t> class_of;
  for (const auto& category : dataset.categories) {
    class_of[category.id] = static_cast<std::int64_t>(set.class_names.size());
    set.class_names.push_back(category.name);
  }
  std::map<std::int64_t, std::size_t> position_of;
  for (const auto& image : dataset.images) {
    position_of[image.id] = set.images.size();
    set.images.push_back({image_file(dataset, image, images_folder), {image.height_px, image.width_px}, {}});
  }
  for (const auto& annotation : dataset.annotations) {
    const auto& [x, y, width, height] = annotation.box_xywh_px;
    if (annotation.is_crowd || !(width > 0 && height > 0)) continue;
    auto& boxes = set.images[position_of.at(annotation.image_id)].boxes;
    const LabelledBox box{class_of.at(annotation.category_id), {x, y, x + width, y + height}};
    if (std::find(boxes.begin(), boxes.end(), box) == boxes.end()) boxes.push_back(box);
  }
  require_images(set, dataset.source.string());
  return set;
}

TrainingSet unlabelled_set(const std::vector<std::filesystem::path>& files) {
  TrainingSet set;
  for (const auto& file : files) set.images.push_back({file, {}, {}});
  require_images(set, "list of images");
  return set;
}

}  // namespace nibble

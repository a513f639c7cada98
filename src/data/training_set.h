// SPDX-License-Identifier: Apache-2.0
// Images with their objects, as training wants them: class numbers instead of category ids, corners instead of sizes.
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "data/coco.h"
#include "data/image.h"

namespace nibble {

struct LabelledBox {
  std::int64_t label = 0;              ///< class number
  std::array<double, 4> corners_px{};  ///< x1, y1, x2, y2
  auto operator<=>(const LabelledBox&) const = default;
};

struct TrainingImage {
  std::filesystem::path file;
  ImageSize size;                  ///< as the data set says, 0 x 0 where it does not
  std::vector<LabelledBox> boxes;  ///< in pixels of the file's image; empty for background and for unlabelled images
};

struct TrainingSet {
  std::vector<TrainingImage> images;
  std::vector<std::string> class_names;  ///< empty for an unlabelled set
};

/// Files are where image_file says. As Ultralytics converts COCO: crowds, boxes without area and
/// repeated boxes are left out. Error(input) naming the data set when it has no image.
TrainingSet training_set_of(const CocoDataset& dataset, const std::filesystem::path& images_folder);
/// A set without labels, for training that only imitates the float network. Error(input) for an empty list.
TrainingSet unlabelled_set(const std::vector<std::filesystem::path>& files);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Where an Ultralytics data set has its files: docs.ultralytics.com/datasets/detect, and what `check_det_dataset` accepts beside it.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/coco.h"

namespace nibble {

/// The images of a split of a data.yaml, by name, each once. The split ("train", "val" or "validation") is a folder, a list file, or an
/// array of these. A relative one starts at `path`; a relative `path` starts at the yaml's folder, else at the working directory, else at
/// a folder `datasets` in or beside it. Without `path`, the yaml's folder. "../valid/images" that is not there is looked for as
/// "valid/images", as Roboflow writes it and Ultralytics reads it. Error(input) naming the key and every place looked at; missing files
/// of a list are added to `bad`.
std::vector<std::filesystem::path> images_of_split(const Json& data, const std::filesystem::path& yaml, const std::string& split,
                                                   std::vector<BadDatum>& bad);

/// The same of a file; labels are not looked at, and no image is read.
std::vector<std::filesystem::path> list_split_images(const std::filesystem::path& yaml, const std::string& split,
                                                     std::vector<BadDatum>& bad);

/// What is wrong with the labels of these images of a data.yaml; the images are not read.
std::vector<BadDatum> bad_labels(const std::filesystem::path& yaml, const std::vector<std::filesystem::path>& images);

/// .../images/val/a.jpg -> .../labels/val/a.txt (the last folder named images); where there is no such folder, or no such file, a file
/// beside the image. It need not be there.
std::filesystem::path label_file_of(const std::filesystem::path& image);

}  // namespace nibble

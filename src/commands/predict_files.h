// SPDX-License-Identifier: Apache-2.0
// The images that `predict` reads and the files that it writes.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/bad_data.h"
#include "nibble/predict.h"

namespace nibble {

/// The image itself, or those of a folder or list. A line of a list that names no file is added to `bad` where it is not null, else an
/// error. Error(unsupported) for a video, else as list_image_files.
std::vector<std::filesystem::path> source_images(const std::filesystem::path& source, std::vector<BadDatum>* bad);

/// Names for the files of each image, without extension: its own, with the folders between a source folder and it. Where several have one
/// name, the later ones end in "-2", "-3", ....
std::vector<std::filesystem::path> output_names(const std::vector<std::filesystem::path>& images, const std::filesystem::path& source);

/// Error(usage) where a file of the output folder is one of the images, by whatever name, or the folder lies in a source folder: what is
/// written would be read the next time.
void refuse_to_replace_images(const PredictOptions& options, const std::vector<std::filesystem::path>& images,
                              const std::vector<std::filesystem::path>& names);

/// "class cx cy w h", with ` confidence` behind where asked for: numbers of six digits as Ultralytics writes them.
std::string label_lines(const PredictedImage& image, bool with_confidence);

/// COCO's 80 classes by their first and last name.
bool is_coco(const std::map<std::int64_t, std::string>& class_names);

/// [{image_id, file_name, category_id, bbox, score}]: ids as Ultralytics writes them. image_id is the number that the name of the image
/// is, else the name, with its folders where several images have one name; category_id as PredictResult::category_ids says; boxes have
/// three decimals, scores five.
Json predictions_document(const PredictResult& result, const std::vector<std::filesystem::path>& names);

}  // namespace nibble

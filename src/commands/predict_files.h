// SPDX-License-Identifier: Apache-2.0
// The images that `predict` reads and the names of the files that it writes.
#pragma once
#include <filesystem>
#include <vector>

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

}  // namespace nibble

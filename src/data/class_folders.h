// SPDX-License-Identifier: Apache-2.0
// Data sets of classifiers: a folder for each class, with its images, as ImageNet is handed out and torchvision's ImageFolder reads it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/bad_data.h"

namespace nibble {

struct ClassifiedImage {
  std::filesystem::path file;
  std::int64_t label = 0;  ///< class of the model
  std::int64_t id = 0;     ///< place among all images of the folders, from 1, whatever the limit
};
struct ClassFolders {
  std::filesystem::path source;         ///< the folder of the folders
  std::vector<ClassifiedImage> images;  ///< by class folder, then by name
  std::vector<std::string> folders;     ///< sorted, as class 0, 1, ... of a model without names
};

/// `folder` is the folder of the class folders, or has one called as one of `splits` with them (looked for in this order; by default as
/// Ultralytics looks for what is scored). Folders are matched to the model's class names where each folder is one; else in sorted order,
/// where there are as many. `limit` keeps the first so many images of all, taken in turns from the classes so that few of them hold all
/// classes; empty: all. Error(input) where there are no folders of images, and where they are neither the model's classes nor as many.
ClassFolders read_class_folders(const std::filesystem::path& folder, const std::map<std::int64_t, std::string>& names,
                                std::optional<std::int64_t> limit = {}, const std::vector<std::string>& splits = {"val", "test", "valid"});

}  // namespace nibble

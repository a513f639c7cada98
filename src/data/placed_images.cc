// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>
#include <unordered_set>

#include "base/files.h"
#include "base/log.h"
#include "data/coco.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// What is left of a name when folders are cut from its left until there is such a file.
std::optional<std::string> shortened(const std::string& name, const fs::path& folder) {
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1))
    if (const auto rest = name.substr(at + 1); !rest.empty() && seems_file(folder / rest)) return rest;
  return std::nullopt;
}

/// Error(input) for a folder without any image.
void require_images_in(const fs::path& folder) {
  if (is_folder(folder)) list_image_files(folder);
}

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto rest = path.lexically_relative(folder);
  return !rest.empty() && *rest.begin() != "..";
}

/// As the paths are written, or where links of folders lead; the image itself may be a link.
bool is_inside(const fs::path& file, const fs::path& folder) {
  std::error_code code;
  return is_below(fs::absolute(file, code).lexically_normal(), (fs::absolute(folder, code) / "").lexically_normal()) ||
         is_below(fs::weakly_canonical(file.parent_path(), code) / file.filename(), fs::weakly_canonical(folder, code));
}

/// A data.yaml says itself where its images are: a folder beside it may be the same place, and no other.
void require_same_place(const CocoDataset& dataset, const fs::path& folder) {
  require_image_folder(folder);
  require_images_in(folder);
  for (const auto& image : dataset.images)
    if (!is_inside(image.file_name, folder))
      throw Error(ErrorKind::usage,
                  fmt::format("images: {}: {} says itself where its images are, and {} is not in this folder; leave the folder out, or "
                              "name a data.yaml or a COCO file of the images in it",
                              folder.string(), dataset.source.string(), image.file_name));
}

}  // namespace

fs::path image_file(const CocoDataset& dataset, const CocoImage& image, const fs::path& folder) {
  return folder.empty() || is_yaml(dataset.source) ? fs::path(image.file_name) : folder / image.file_name;
}

void require_image_folder(const fs::path& folder) {
  std::error_code code;  // a folder that may not be entered is a missing one for this purpose
  if (fs::is_directory(folder, code)) return;
  throw Error(ErrorKind::input, fmt::format("images: {}: {}", folder.string(),
                                            fs::exists(folder, code) ? "is a file; name the folder that the images are in"
                                                                     : "no such folder; check --images"));
}

void place_images(CocoDataset& dataset, const fs::path& folder) {
  if (folder.empty()) return;
  if (is_yaml(dataset.source)) return require_same_place(dataset, folder);
  std::unordered_set<std::string> taken;
  for (const auto& image : dataset.images)
    if (seems_file(folder / image.file_name)) taken.insert(image.file_name);
  std::string example;
  std::int64_t count = 0;
  for (auto& image : dataset.images) {
    if (taken.contains(image.file_name)) continue;
    auto name = shortened(image.file_name, folder);
    if (!name || !taken.insert(*name).second) continue;
    if (count++ == 0) example = fmt::format("{} is read as {}", image.file_name, *name);
    image.file_name = std::move(*name);
  }
  if (taken.empty()) require_images_in(folder);
  if (count > 0)
    log(LogLevel::info, fmt::format("images: {}: {} file names of {} begin with folders that are not in it: {}", folder.string(), count,
                                    dataset.source.string(), example));
}

void leave_out_bad_images(CocoDataset& dataset, const fs::path& folder, OnBadData rule, int threads) {
  std::vector<ExpectedImage> files;
  for (const auto& image : dataset.images) files.push_back({image_file(dataset, image, folder), image.width_px, image.height_px});
  const auto problems = image_problems(files, dataset.source.string(), threads);
  std::vector<BadDatum> bad;
  std::unordered_set<std::int64_t> left_out;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (!problems[i]) continue;
    bad.push_back({files[i].file, *problems[i]});
    left_out.insert(dataset.images[i].id);
  }
  settle_bad_data(bad, static_cast<std::int64_t>(files.size() - bad.size()), rule, dataset.source.string());
  std::erase_if(dataset.images, [&](const auto& image) { return left_out.contains(image.id); });
  std::erase_if(dataset.annotations, [&](const auto& annotation) { return left_out.contains(annotation.image_id); });
  dataset.bad.insert(dataset.bad.end(), bad.begin(), bad.end());
}

}  // namespace nibble

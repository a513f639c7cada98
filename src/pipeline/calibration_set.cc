// SPDX-License-Identifier: Apache-2.0
#include "pipeline/calibration_set.h"

#include <set>

#include "base/files.h"
#include "base/shared_data.h"
#include "data/image.h"
#include "report/run_dir.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultCalibration = "assets/coco/train2017";

std::vector<fs::path> files_of_dataset(const fs::path& yaml, std::int64_t limit) {
  std::vector<fs::path> files;
  for (const auto& image : read_yolo(yaml, "train").images) files.emplace_back(image.file_name);
  if (limit > 0 && files.size() > static_cast<std::size_t>(limit)) files.resize(static_cast<std::size_t>(limit));
  return files;
}

std::set<std::string> names_of(const EvalSet& evaluation) {
  std::set<std::string> names;
  for (const auto& image : evaluation.dataset.images) names.insert(fs::path(image.file_name).filename().string());
  return names;
}

}  // namespace

CalibrationSet open_calibration_set(const fs::path& source, std::int64_t limit) {
  if (source.empty()) return {list_image_files(shared_data(kDefaultCalibration), limit), kDefaultCalibration};
  return {is_yaml(source) ? files_of_dataset(source, limit) : list_image_files(source, limit), source.string()};
}

CalibrationImages images_of(const CalibrationSet& set, std::int64_t image_size) {
  CalibrationImages images;
  images.count = static_cast<std::int64_t>(set.files.size());
  images.load = [files = set.files, image_size](std::int64_t first, std::int64_t count) {
    std::vector<NetworkImage> batch;
    for (std::int64_t i = first; i < first + count; ++i)
      batch.push_back(read_network_image(files.at(static_cast<std::size_t>(i)), image_size));
    return stack_images(batch);
  };
  return images;
}

std::vector<std::string> overlap(const CalibrationSet& calibration, const EvalSet& evaluation) {
  const auto scored = names_of(evaluation);
  std::vector<std::string> both;
  for (const auto& file : calibration.files)
    if (scored.contains(file.filename().string())) both.push_back(file.filename().string());
  return both;
}

CalibrationSet without(CalibrationSet calibration, const EvalSet& evaluation) {
  std::erase_if(calibration.files,
                [scored = names_of(evaluation)](const fs::path& file) { return scored.contains(file.filename().string()); });
  return calibration;
}

Json describe(const CalibrationSet& set) {
  Json hashes = Json::array();
  for (const auto& file : set.files) hashes.push_back(sha256_of_file(file));
  return {{"source", set.name}, {"count", set.files.size()}, {"sha256", key_of(hashes)}};
}

}  // namespace nibble

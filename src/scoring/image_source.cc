// SPDX-License-Identifier: Apache-2.0
#include "scoring/image_source.h"

#include <fmt/format.h>

#include "base/files.h"
#include "data/augment.h"
#include "data/image.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

bool is_json(const fs::path& path) { return path.extension() == ".json"; }

CocoDataset dataset_of_files(const ImageSource& source, const ModelInfo& info) {
  CocoDataset dataset{source.data, {}, {}, {}};
  for (const auto& [id, name] : info.class_names) dataset.categories.push_back({id, name});
  for (const auto& file : source.files.empty() ? list_image_files(source.data) : source.files) {
    const ImageSize size = read_image_size(file);
    dataset.images.push_back({static_cast<std::int64_t>(dataset.images.size()) + 1, file.string(), size.width, size.height});
  }
  return dataset;
}

}  // namespace

bool has_labels(const fs::path& data) { return is_yaml(data) || is_json(data); }
bool has_labels(const ImageSource& source) { return source.files.empty() && has_labels(source.data); }

void require_images_folder(const ImageSource& source) {
  if (is_json(source.data) && source.images.empty())
    throw Error(ErrorKind::usage, fmt::format("{}: {}: a COCO file does not say where its images are; give their folder (qat: --images, "
                                              "run: --qat-images, with --judge: --judge-images)",
                                              source.what, source.data.string()));
}

CocoDataset read_images(const ImageSource& source, const ModelInfo& info) {
  if (has_labels(source)) require_images_folder(source);
  CocoDataset dataset = has_labels(source) ? read_dataset(source.data, "train") : dataset_of_files(source, info);
  if (dataset.categories.size() != info.class_names.size())
    throw Error(ErrorKind::input, fmt::format("{}: {}: {} classes where the network has {}; choose the data it was made for", source.what,
                                              dataset.source.string(), dataset.categories.size(), info.class_names.size()));
  return dataset;
}

std::vector<std::int64_t> draw_ids(const CocoDataset& dataset, std::int64_t count, std::uint64_t seed) {
  constexpr std::int64_t kBeforeTraining = -1;  // no epoch's order
  std::vector<std::int64_t> ids;
  for (const std::int64_t position : draw_order(static_cast<std::int64_t>(dataset.images.size()), seed, kBeforeTraining)) {
    if (static_cast<std::int64_t>(ids.size()) == count) break;
    ids.push_back(dataset.images[static_cast<std::size_t>(position)].id);
  }
  return ids;
}

EvalSet eval_set_of(const CocoDataset& dataset, const std::vector<std::int64_t>& ids, const ImageSource& source) {
  EvalSet set;
  set.dataset = select_images(dataset, {std::nullopt, ids});
  set.images_dir = source.images;
  set.annotations_name = source.data.string();
  set.images_name = source.images.string();
  require_images(set);
  return set;
}

}  // namespace nibble

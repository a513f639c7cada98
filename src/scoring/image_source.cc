// SPDX-License-Identifier: Apache-2.0
#include "scoring/image_source.h"

#include <fmt/format.h>

#include "base/files.h"
#include "data/augment.h"
#include "data/class_match.h"
#include "data/image.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

bool is_json(const fs::path& path) { return path.extension() == ".json"; }

CocoDataset dataset_of_files(const ImageSource& source, const ModelInfo& info) {
  CocoDataset dataset{source.data, {}, {}, {}};
  for (const auto& [id, name] : info.class_names) dataset.categories.push_back({id, name});
  const auto files = source.files.empty() ? list_image_files(source.data, 0, &dataset.bad) : source.files;
  for (const auto& file : files) {
    try {
      const ImageSize size = read_image_size(file);
      dataset.images.push_back({static_cast<std::int64_t>(dataset.images.size()) + 1, file.string(), size.width, size.height});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input) throw;
      dataset.bad.push_back({file, error.what()});
    }
  }
  settle_bad_data(dataset.bad, static_cast<std::int64_t>(dataset.images.size()), source.on_bad_data,
                  fmt::format("{} {}", source.what, source.data.string()));
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
  if (!source.images.empty() && !has_labels(source))
    throw Error(ErrorKind::usage,
                fmt::format("{}: {}: its images are taken without labels, which needs no other folder; leave {} out, or give a COCO "
                            "file of its images instead",
                            source.what, source.data.string(), source.images.string()));
}

CocoDataset read_images(const ImageSource& source, const ModelInfo& info, const ObjectReader* more) {
  require_images_folder(source);
  if (!has_labels(source)) return dataset_of_files(source, info);
  CocoDataset dataset = read_dataset(source.data, "train", source.on_bad_data, more);
  place_images(dataset, source.images);
  leave_out_bad_images(dataset, source.images, source.on_bad_data);
  const std::map<std::int64_t, std::string> names(info.class_names.begin(), info.class_names.end());
  return with_classes_of(dataset, names);
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

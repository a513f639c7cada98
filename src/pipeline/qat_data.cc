// SPDX-License-Identifier: Apache-2.0
#include "pipeline/qat_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "data/augment.h"
#include "nibble/error.h"
#include "report/run_dir.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

bool is_json(const fs::path& path) { return path.extension() == ".json"; }

/// Images without labels as a data set: ids 1 to N, the network's classes.
CocoDataset dataset_of_files(const QatSource& source, const ModelCard& card) {
  CocoDataset dataset{source.data, {}, {}, {}};
  for (const auto& [id, name] : card.class_names) dataset.categories.push_back({id, name});
  for (const auto& file : source.files.empty() ? list_image_files(source.data) : source.files) {
    const ImageSize size = read_image_size(file);
    dataset.images.push_back({static_cast<std::int64_t>(dataset.images.size()) + 1, file.string(), size.width_px, size.height_px});
  }
  return dataset;
}

void require_classes(const CocoDataset& dataset, const ModelCard& card) {
  if (dataset.categories.size() != card.class_names.size())
    throw Error(ErrorKind::input, fmt::format("training data: {}: {} classes where the network has {}; choose the data it was made for",
                                              dataset.source.string(), dataset.categories.size(), card.class_names.size()));
}

std::int64_t default_held_out(std::int64_t images) { return std::clamp<std::int64_t>(images / 4, 1, 100); }

/// The ids of the held-out images: the first of a shuffled order.
std::vector<std::int64_t> held_out_ids(const CocoDataset& dataset, std::int64_t wanted, std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(dataset.images.size());
  const std::int64_t held_out = wanted == 0 ? default_held_out(count) : wanted;
  if (held_out < 1 || held_out >= count)
    throw Error(ErrorKind::input, fmt::format("training data: {}: {} of {} images held out leaves nothing to train on or to judge by; give "
                                              "more images or hold out fewer",
                                              dataset.source.string(), held_out, count));
  constexpr std::int64_t kBeforeTraining = -1;  // no epoch's order
  std::vector<std::int64_t> ids;
  for (const std::int64_t position : draw_order(count, seed, kBeforeTraining)) {
    if (static_cast<std::int64_t>(ids.size()) == held_out) break;
    ids.push_back(dataset.images[static_cast<std::size_t>(position)].id);
  }
  return ids;
}

std::vector<std::int64_t> other_ids(const CocoDataset& dataset, const std::vector<std::int64_t>& ids) {
  const std::set<std::int64_t> left_out(ids.begin(), ids.end());
  std::vector<std::int64_t> others;
  for (const auto& image : dataset.images)
    if (!left_out.contains(image.id)) others.push_back(image.id);
  return others;
}

}  // namespace

bool has_labels(const fs::path& data) { return is_yaml(data) || is_json(data); }

void require_images_folder(const fs::path& data, const fs::path& images) {
  if (is_json(data) && images.empty())
    throw Error(ErrorKind::usage, fmt::format("training data: {}: a COCO file does not say where its images are; give their folder (qat: "
                                              "--images, run: --qat-images)",
                                              data.string()));
}

QatImages open_qat_images(const QatSource& source, std::int64_t held_out, std::uint64_t seed, const ModelCard& card) {
  QatImages result;
  result.has_labels = source.files.empty() && has_labels(source.data);
  if (result.has_labels) require_images_folder(source.data, source.images);
  const CocoDataset dataset = result.has_labels ? read_dataset(source.data, "train") : dataset_of_files(source, card);
  require_classes(dataset, card);
  const auto ids = held_out_ids(dataset, held_out, seed);
  result.training = training_set_of(select_images(dataset, {std::nullopt, other_ids(dataset, ids)}), source.images);
  result.held_out.dataset = select_images(dataset, {std::nullopt, ids});
  result.held_out.images_dir = source.images;
  result.held_out.annotations_name = source.data.string();
  result.held_out.images_name = source.images.string();
  require_images(result.held_out);
  return result;
}

Json describe(const QatImages& images) {
  Json rows = Json::array();
  for (const auto& image : images.training.images) {
    Json boxes = Json::array();
    for (const auto& box : image.boxes) boxes.push_back({box.label, box.corners_px});
    rows.push_back({image.file.filename().string(), image.size.width_px, image.size.height_px, boxes});
  }
  Json held_out = Json::array();
  for (const auto& image : images.held_out.dataset.images) held_out.push_back(image.file_name);
  return {{"source", images.held_out.annotations_name},
          {"training", images.training.images.size()},
          {"held_out", images.held_out.dataset.images.size()},
          {"labels", images.has_labels},
          {"sha256", key_of({rows, held_out})}};
}

}  // namespace nibble

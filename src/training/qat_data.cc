// SPDX-License-Identifier: Apache-2.0
#include "training/qat_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/json.h"
#include "nibble/error.h"
#include "scoring/task_set.h"

namespace nibble {
namespace {

std::int64_t default_held_out(std::int64_t images) { return std::clamp<std::int64_t>(images / 4, 1, 100); }

/// The ids of the held-out images: the first of a shuffled order.
std::vector<std::int64_t> held_out_ids(const CocoDataset& dataset, std::int64_t wanted, std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(dataset.images.size());
  const std::int64_t held_out = wanted == 0 ? default_held_out(count) : wanted;
  if (held_out < 1 || held_out >= count)
    throw Error(ErrorKind::input, fmt::format("training data: {}: {} of {} images held out leaves nothing to train on or to judge by; give "
                                              "more images or hold out fewer",
                                              dataset.source.string(), held_out, count));
  return draw_ids(dataset, held_out, seed);
}

std::vector<std::int64_t> other_ids(const CocoDataset& dataset, const std::vector<std::int64_t>& ids) {
  const std::set<std::int64_t> left_out(ids.begin(), ids.end());
  std::vector<std::int64_t> others;
  for (const auto& image : dataset.images)
    if (!left_out.contains(image.id)) others.push_back(image.id);
  return others;
}

}  // namespace

QatImages open_qat_images(const ImageSource& source, std::int64_t held_out, std::uint64_t seed, const ModelInfo& info) {
  const TaskImages images = read_task_images(source, info);
  const CocoDataset& dataset = images.dataset;
  const auto ids = held_out_ids(dataset, held_out, seed);
  QatImages result;
  result.has_labels = images.has_labels;
  result.training = training_set_of(select_images(dataset, {std::nullopt, other_ids(dataset, ids)}), source.images);
  result.held_out = task_set_of(images, ids, source);
  return result;
}

Json describe(const QatImages& images) {
  Json rows = Json::array();
  for (const auto& image : images.training.images) {
    Json boxes = Json::array();
    for (const auto& box : image.boxes) boxes.push_back({box.label, box.corners_px});
    std::error_code unknown;  // then the image is missed when it is read
    const auto bytes = std::filesystem::file_size(image.file, unknown);
    rows.push_back({image.file.filename().string(), unknown ? 0 : bytes, image.size.width, image.size.height, boxes});
  }
  Json held_out = Json::array();
  for (const auto& image : images.held_out.dataset.images) held_out.push_back(image.file_name);
  return {{"source", images.held_out.annotations_name},
          {"training", images.training.images.size()},
          {"held_out", images.held_out.dataset.images.size()},
          {"labels", images.has_labels},
          {"sha256", key_of({rows, held_out, labels_sha256(images.held_out)})}};
}

}  // namespace nibble

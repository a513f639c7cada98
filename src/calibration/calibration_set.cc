// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibration_set.h"

#include "base/content_index.h"
#include "base/files.h"
#include "base/json.h"
#include "base/shared_data.h"
#include "data/centre_crop.h"
#include "data/image.h"
#include "data/training_sample.h"
#include "data/yolo_layout.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDefaultCalibration = "assets/coco/train2017";

NetworkImage view_of(const std::vector<fs::path>& files, std::int64_t image, std::int64_t view, ImageSize image_size, std::uint64_t seed) {
  const AugmentOptions strengths;
  AugmentOptions augment = no_augmentation();
  augment.flip = view % 2 == 1 ? 1 : 0;
  augment.scale = strengths.scale;
  augment.translate = strengths.translate;
  SamplePlan plan = draw_sample(augment, static_cast<std::int64_t>(files.size()), seed, view, image);
  plan.images = {0};
  auto sample = make_sample(unlabelled_set({files.at(static_cast<std::size_t>(image))}), plan, image_size);
  return {Tensor::of<std::uint8_t>({3, image_size.height, image_size.width}, std::move(sample.planes)), {}};
}

std::string hash_of(const std::vector<fs::path>& files) {
  Json hashes = Json::array();
  for (const auto& file : files) hashes.push_back(sha256_of_file(file));
  return key_of(hashes);
}

}  // namespace

CalibrationSet list_calibration_images(const fs::path& source) {
  if (source.empty()) return {list_image_files(shared_data(kDefaultCalibration)), kDefaultCalibration};
  CalibrationSet set{{}, source.string()};
  set.files = is_yaml(source) ? list_split_images(source, "train", set.bad) : list_image_files(source, 0, &set.bad);
  return set;
}

CalibrationSet first_readable(CalibrationSet set, std::int64_t limit, OnBadData rule) {
  std::vector<fs::path> readable;
  std::size_t at = 0;
  while (at < set.files.size() && static_cast<std::int64_t>(readable.size()) < limit) {
    std::vector<ExpectedImage> next;
    const auto missing = static_cast<std::size_t>(limit) - readable.size();
    for (; at < set.files.size() && next.size() < missing; ++at) next.push_back({set.files[at]});
    const auto problems = image_problems(next, set.name);
    for (std::size_t i = 0; i < next.size(); ++i) {
      if (problems[i])
        set.bad.push_back({next[i].file, *problems[i]});
      else
        readable.push_back(next[i].file);
    }
  }
  settle_bad_data(set.bad, static_cast<std::int64_t>(readable.size()), rule, "calibration images of " + set.name);
  const auto left = std::min(set.files.size() - at, kSpareImages);
  set.spare.assign(set.files.begin() + static_cast<std::ptrdiff_t>(at), set.files.begin() + static_cast<std::ptrdiff_t>(at + left));
  set.files = std::move(readable);
  return set;
}

CalibrationSet open_calibration_set(const fs::path& source, std::int64_t limit, OnBadData rule) {
  return first_readable(list_calibration_images(source), limit, rule);
}

namespace {

/// Right and left exchanged.
NetworkImage mirrored(const NetworkImage& image) {
  const auto& shape = image.pixels.shape();
  const auto width = static_cast<std::size_t>(shape[2]);
  const auto from = image.pixels.as<std::uint8_t>();
  std::vector<std::uint8_t> to(from.begin(), from.end());
  for (auto row = to.begin(); row != to.end(); row += static_cast<std::ptrdiff_t>(width))
    std::reverse(row, row + static_cast<std::ptrdiff_t>(width));
  return {Tensor::of<std::uint8_t>(shape, std::move(to)), image.letterbox};
}

/// `image_at(i)` is image i of the set, of whose views there are `count` in all.
CalibrationImages loaded_by(std::int64_t count, std::function<NetworkImage(std::int64_t)> image_at) {
  return {count, [image_at = std::move(image_at)](std::int64_t first, std::int64_t number) {
            std::vector<NetworkImage> batch;
            for (std::int64_t i = first; i < first + number; ++i) batch.push_back(image_at(i));
            return stack_images(batch);
          }};
}

}  // namespace

CalibrationImages images_of(const CalibrationSet& set, const ModelInfo& info, std::int64_t views, std::uint64_t seed) {
  if (info.task != Task::classify) return images_of(set, info.image_size, views, seed);
  const auto number = static_cast<std::int64_t>(set.files.size());
  return loaded_by(number * views, [files = set.files, number, size = info.image_size](std::int64_t position) {
    const NetworkImage image = read_centre_crop(files.at(static_cast<std::size_t>(position % number)), size);
    return position / number % 2 == 1 ? mirrored(image) : image;
  });
}

CalibrationImages images_of(const CalibrationSet& set, ImageSize image_size, std::int64_t views, std::uint64_t seed) {
  const auto number = static_cast<std::int64_t>(set.files.size());
  const auto image_at = [files = set.files, number, image_size, seed](std::int64_t position) {
    const std::int64_t image = position % number, view = position / number;
    if (view == 0) return read_network_image(files.at(static_cast<std::size_t>(image)), image_size);
    return view_of(files, image, view, image_size, seed);
  };
  return loaded_by(number * views, image_at);
}

std::vector<std::string> overlap(const CalibrationSet& calibration, const EvalSet& evaluation) {
  ContentIndex scored(image_paths(evaluation));
  std::vector<std::string> both;
  for (const auto& file : calibration.files)
    if (scored.contains(file)) both.push_back(file.filename().string());
  return both;
}

CalibrationSet without(CalibrationSet calibration, const EvalSet& evaluation) {
  ContentIndex scored(image_paths(evaluation));
  for (auto* files : {&calibration.files, &calibration.spare})
    std::erase_if(*files, [&](const fs::path& file) { return scored.contains(file); });
  return calibration;
}

Json describe(const CalibrationSet& set) {
  Json json = {{"source", set.name}, {"count", set.files.size()}, {"sha256", hash_of(set.files)}};
  if (!set.spare.empty()) json["spare"] = {{"count", set.spare.size()}, {"sha256", hash_of(set.spare)}};
  return json;
}

}  // namespace nibble

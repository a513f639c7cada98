// SPDX-License-Identifier: Apache-2.0
#include "scoring/task_score.h"

#include <fmt/format.h>

#include <future>

#include "data/centre_crop.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// One image read ahead on another thread.
class ReadAhead {
 public:
  ReadAhead(const EvalSet& set, const DetectorFile& model) : set_(set), model_(model) { start(); }

  NetworkImage next() {
    NetworkImage image = pending_.get();
    ++at_;
    start();
    return image;
  }

 private:
  void start() {
    if (at_ >= set_.dataset.images.size()) return;
    auto path = image_path(set_, set_.dataset.images[at_]);
    pending_ = std::async(std::launch::async, [path = std::move(path), &model = model_] { return read_input(model, path); });
  }
  const EvalSet& set_;
  const DetectorFile& model_;
  std::size_t at_ = 0;
  std::future<NetworkImage> pending_;
};

}  // namespace

NetworkImage read_input(const DetectorFile& model, const std::filesystem::path& image) {
  return model.is_classifier ? read_centre_crop(image, model.image_size) : read_network_image(image, model.image_size);
}

void require_annotated_size(const CocoImage& image, const Letterbox& letterbox, const EvalSet& set) {
  const auto fits = [](std::int64_t told, std::int64_t found) { return told == 0 || told == found; };
  if (fits(image.width_px, letterbox.width_px) && fits(image.height_px, letterbox.height_px)) return;
  throw Error(ErrorKind::input,
              fmt::format("image does not fit its annotations: {}: is {} x {} px, {} says {} x {}; use the original images",
                          image_path(set, image).string(), letterbox.width_px, letterbox.height_px, set.annotations_name, image.width_px,
                          image.height_px));
}

void run_on_images(const DetectorFile& model, const EvalSet& set, const std::string& title, Progress& progress, const TakeOutputs& take) {
  ReadAhead reader(set, model);
  progress.begin(title, static_cast<std::int64_t>(set.dataset.images.size()));
  std::size_t found = 0;
  for (const auto& image : set.dataset.images) {
    throw_if_interrupted();
    const NetworkImage input = reader.next();
    require_annotated_size(image, input.letterbox, set);
    found += take(image, input, model.session.run({network_input(input, model)}));
    progress.step(image.file_name);
  }
  progress.end(fmt::format("{} images, {} detections", set.dataset.images.size(), found));
}

namespace {

/// Number `index` of what `row` is.
float value_at(const Tensor& output, const DetectorFile& model, std::int64_t row, std::int64_t index) {
  const auto columns = output.shape()[2];
  const auto at = model.kind == OutputKind::one2one ? row * columns + index : index * columns + row;
  return output.as<float>()[static_cast<std::size_t>(at)];
}

}  // namespace

std::vector<float> extras_at(const Tensor& output, const DetectorFile& model, std::int64_t row) {
  const auto count = output.shape()[model.kind == OutputKind::one2one ? 2 : 1];
  std::vector<float> extras;
  for (auto index = count - model.extras; index < count; ++index) extras.push_back(value_at(output, model, row, index));
  return extras;
}

std::array<float, 4> corners_at(const Tensor& output, const DetectorFile& model, std::int64_t row) {
  std::array<float, 4> box{};
  for (std::size_t i = 0; i < box.size(); ++i) box[i] = value_at(output, model, row, static_cast<std::int64_t>(i));
  if (model.kind == OutputKind::one2one) return box;
  const auto [x, y, width, height] = box;
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

}  // namespace nibble

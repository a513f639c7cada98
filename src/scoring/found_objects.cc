// SPDX-License-Identifier: Apache-2.0
#include "scoring/found_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "data/mask_outline.h"
#include "data/run_length_text.h"
#include "eval/decode_rows.h"
#include "eval/mask_map.h"
#include "eval/oriented_detection.h"
#include "eval/turned_box.h"
#include "nibble/error.h"
#include "scoring/task_score.h"

namespace nibble {
namespace {

/// From the network's input to the image, in the arithmetic of ops.scale_boxes and scale_coords: f32.
class Place {
 public:
  explicit Place(const Letterbox& letterbox)
      : x_{gain_of(letterbox.width_px, letterbox.ratio), letterbox.pad_x_px, letterbox.width_px},
        y_{gain_of(letterbox.height_px, letterbox.ratio), letterbox.pad_y_px, letterbox.height_px} {}

  double x(double at_px) const { return x_.cut(x_.undo(at_px)); }
  double y(double at_px) const { return y_.cut(y_.undo(at_px)); }
  TurnedBox turned(const OrientedBox& box) const {
    return {x_.undo(box.x), y_.undo(box.y), box.width / x_.gain, box.height / y_.gain, box.angle};
  }

 private:
  struct Axis {
    float gain;
    double pad_px;
    std::int64_t side_px;
    float undo(double at_px) const { return (static_cast<float>(at_px) - static_cast<float>(pad_px)) / gain; }
    float cut(float at_px) const { return std::clamp(at_px, 0.0F, static_cast<float>(side_px)); }
  };
  static float gain_of(std::int64_t side_px, double ratio) {
    return static_cast<float>(std::max(std::nearbyint(static_cast<double>(side_px) * ratio), 1.0) / static_cast<double>(side_px));
  }
  Axis x_, y_;
};

/// One that leaves boxes where the network puts them.
Letterbox of_input(const ImageSize& input) { return {1, 0, 0, input.width, input.height}; }

PredictedBox box_in_image(const Detection& found, const Place& place) {
  const auto& [x, y, width, height] = found.box_xywh_px;
  const double left = place.x(x), top = place.y(y), right = place.x(x + width), bottom = place.y(y + height);
  return {found.category_id, found.score, {left, top, std::max(right - left, 0.0), std::max(bottom - top, 0.0)}};
}

std::vector<PredictedKeypoint> keypoints_in_image(const std::vector<float>& values, std::int64_t step, const Place& place) {
  std::vector<PredictedKeypoint> keypoints;
  for (std::size_t i = 0; i + 1 < values.size(); i += static_cast<std::size_t>(step))
    keypoints.push_back({place.x(values[i]), place.y(values[i + 1]), step == 3 ? values[i + 2] : 1.0});
  return keypoints;
}

/// What the objects of a segmentation model are cut out with.
class MaskMaker {
 public:
  MaskMaker(const DetectorFile& model, const std::vector<Tensor>& outputs, const Letterbox& letterbox)
      : input_(model.image_size), letterbox_(letterbox), values_(outputs.at(1).to(DType::f32)) {}

  /// False where the mask is empty.
  bool add(PredictedBox& object, const std::vector<float>& coefficients, const std::array<float, 4>& corners, const Place& place) const {
    const auto& shape = values_.shape();
    const auto first_image = values_.as<float>().first(static_cast<std::size_t>(shape[1] * shape[2] * shape[3]));
    const auto mask = mask_in_input({first_image, shape[1], shape[2], shape[3]}, coefficients, corners, input_);
    if (std::none_of(mask.begin(), mask.end(), [](std::uint8_t pixel) { return pixel != 0; })) return false;
    object.mask = text_of_runs(mask_in_image(mask, corners, input_, letterbox_));
    for (const auto& [x, y] : joined(outlines_of(mask, input_.height, input_.width))) object.outline_px.push_back({place.x(x), place.y(y)});
    return true;
  }

 private:
  ImageSize input_;
  Letterbox letterbox_;
  Tensor values_;
};

std::vector<PredictedBox> turned_objects(const DetectorFile& model, const std::vector<Tensor>& outputs, const Place& place,
                                         std::int64_t image_id, const DecodeOptions& options) {
  std::vector<PredictedBox> objects;
  for (const auto& found :
       decode_oriented(outputs.at(0).to(DType::f32), 0, model.kind, model.class_count, of_input(model.image_size), image_id, options)) {
    PredictedBox object{found.category_id, found.score, {}};
    object.turned = place.turned(found.box);
    object.box_xywh_px = upright_box(*object.turned);
    objects.push_back(std::move(object));
  }
  return objects;
}

}  // namespace

std::string task_of(const DetectorFile& model) {
  const auto task = model.session.metadata().find("task");
  return task == model.session.metadata().end() || task->second.empty() ? "detect" : task->second;
}

std::vector<PredictedBox> objects_in(const DetectorFile& model, const std::vector<Tensor>& outputs, const Letterbox& letterbox,
                                     std::int64_t image_id, const DecodeOptions& given) {
  const Place place(letterbox);
  const auto task = task_of(model);
  auto options = given;
  options.best_class_only = true;
  if (task == "obb") return turned_objects(model, outputs, place, image_id, options);
  const auto rows = decode_rows(detections_output(model, outputs), 0, model.kind, model.class_count, model.strides,
                                of_input(model.image_size), image_id, model.image_size, options);
  std::optional<MaskMaker> masks;
  if (task == "segment") masks.emplace(model, outputs, letterbox);
  const Tensor whole = model.extras > 0 ? outputs.at(0).to(DType::f32) : Tensor();
  std::vector<PredictedBox> objects;
  for (const auto& [detection, row] : rows) {
    auto object = box_in_image(detection, place);
    if (task == "pose") object.keypoints = keypoints_in_image(extras_at(whole, model, row), model.keypoints.values, place);
    if (masks && !masks->add(object, extras_at(whole, model, row), corners_at(whole, model, row), place)) continue;
    objects.push_back(std::move(object));
  }
  return objects;
}

std::vector<double> probabilities_in(const DetectorFile& model, const std::vector<Tensor>& outputs, std::int64_t image_id) {
  const Tensor all = outputs.at(0).to(DType::f32);
  std::vector<double> probabilities;
  for (const float value : all.as<float>().first(static_cast<std::size_t>(model.class_count))) {
    if (!std::isfinite(value))
      throw Error(ErrorKind::numeric,
                  fmt::format("network output: image {}: probability of class {} is {}; the model overflows on this image", image_id,
                              probabilities.size(), value));
    probabilities.push_back(value);
  }
  return probabilities;
}

FoundInImage found_in(const DetectorFile& model, const std::vector<Tensor>& outputs, const Letterbox& letterbox, std::int64_t image_id,
                      const DecodeOptions& options) {
  FoundInImage found{{letterbox.height_px, letterbox.width_px}, {}, {}};
  if (model.is_classifier)
    found.probabilities = probabilities_in(model, outputs, image_id);
  else
    found.objects = objects_in(model, outputs, letterbox, image_id, options);
  return found;
}

std::vector<FoundInImage> find_objects(const DetectorFile& model, const EvalSet& set, const DecodeOptions& options,
                                       const std::string& title, Progress& progress) {
  std::vector<FoundInImage> found;
  run_on_images(model, set, title, progress, [&](const CocoImage& image, const NetworkImage& input, const std::vector<Tensor>& outputs) {
    found.push_back(found_in(model, outputs, input.letterbox, image.id, options));
    return found.back().objects.size();
  });
  return found;
}

}  // namespace nibble

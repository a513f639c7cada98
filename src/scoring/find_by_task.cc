// SPDX-License-Identifier: Apache-2.0
#include "scoring/find_by_task.h"

#include <algorithm>
#include <set>

#include "data/class_match.h"
#include "eval/decode_rows.h"
#include "eval/mask_map.h"
#include "eval/oriented_detection.h"
#include "eval/top_k.h"
#include "scoring/detect.h"
#include "scoring/task_score.h"

namespace nibble {
namespace {

Prototypes prototypes_of(const Tensor& output) {
  const auto& shape = output.shape();
  return {output.as<float>().first(static_cast<std::size_t>(shape[1] * shape[2] * shape[3])), shape[1], shape[2], shape[3]};
}

std::vector<Keypoint> keypoints_in_image(const std::vector<float>& extras, std::int64_t values, const Letterbox& letterbox) {
  const auto place = [&](float at, double pad, std::int64_t limit) {
    return std::clamp((at - static_cast<float>(pad)) / static_cast<float>(letterbox.ratio), 0.0F, static_cast<float>(limit));
  };
  std::vector<Keypoint> keypoints;
  for (std::size_t i = 0; i + 1 < extras.size(); i += static_cast<std::size_t>(values))
    keypoints.push_back({place(extras[i], letterbox.pad_x_px, letterbox.width_px),
                         place(extras[i + 1], letterbox.pad_y_px, letterbox.height_px), values == 3 ? extras[i + 2] : 1.0});
  return keypoints;
}

/// What one run of the model gave for an image.
struct Answer {
  const DetectorFile& model;
  const CocoImage& image;
  const NetworkImage& input;
  const std::vector<Tensor>& outputs;
};

std::vector<DecodedRow> rows_of(const Answer& answer, const DecodeOptions& options) {
  const auto& model = answer.model;
  return decode_rows(detections_output(model, answer.outputs), 0, model.kind, model.class_count, model.strides, answer.input.letterbox,
                     answer.image.id, model.image_size, options);
}

void add_masks(const Answer& answer, const DecodeOptions& options, Findings& found) {
  const auto& model = answer.model;
  const Tensor whole = answer.outputs.at(0).to(DType::f32), prototypes = answer.outputs.at(1).to(DType::f32);
  for (const auto& row : rows_of(answer, options)) {
    found.masks.push_back(assemble_mask(prototypes_of(prototypes), extras_at(whole, model, row.row), corners_at(whole, model, row.row),
                                        model.image_size, answer.input.letterbox));
    found.boxes.push_back(row.detection);
  }
}

void add_keypoints(const Answer& answer, const DecodeOptions& options, Findings& found) {
  const Tensor whole = answer.outputs.at(0).to(DType::f32);
  for (const auto& row : rows_of(answer, options)) {
    found.keypoints.push_back(
        keypoints_in_image(extras_at(whole, answer.model, row.row), answer.model.keypoints.values, answer.input.letterbox));
    found.boxes.push_back(row.detection);
  }
}

void add_oriented(const Answer& answer, const DecodeOptions& options, Findings& found) {
  const auto& model = answer.model;
  for (const auto& each : decode_oriented(answer.outputs.at(0).to(DType::f32), 0, model.kind, model.class_count, answer.input.letterbox,
                                          answer.image.id, options)) {
    found.boxes.push_back({each.image_id, each.category_id, each.score, upright_box(each.box)});
    found.oriented.push_back(each.box);
  }
}

void add_classes(const Answer& answer, Findings& found) {
  const Tensor probabilities = answer.outputs.at(0).to(DType::f32);
  const auto of_image = probabilities.as<float>().first(static_cast<std::size_t>(answer.model.class_count));
  const auto best = best_classes(of_image, kKeptClasses, answer.image.id);
  found.boxes.insert(found.boxes.end(), best.begin(), best.end());
}

/// Class numbers become category ids; a class that the data set does not have is nothing there.
Findings in_categories(Findings found, const EvalSet& set, const DetectorFile& model) {
  map_classes(found.boxes, with_classes_of(set.dataset, model.class_names, true));
  std::set<std::int64_t> known;
  for (const auto& category : set.dataset.categories) known.insert(category.id);
  const auto is_known = [&](const Detection& detection) { return known.contains(detection.category_id); };
  return std::all_of(found.boxes.begin(), found.boxes.end(), is_known) ? std::move(found) : select_findings(found, is_known);
}

}  // namespace

Findings find_by_task(const DetectorFile& model, const EvalSet& set, const DetectOptions& detect, const std::string& title,
                      Progress& progress) {
  const Task task = set.truth.task;
  if (task == Task::detect) return {detect_images(model, set, detect, title, progress), {}, {}, {}};
  const auto options = decode_options(detect);
  Findings found;
  run_on_images(model, set, title, progress, [&](const CocoImage& image, const NetworkImage& input, const std::vector<Tensor>& outputs) {
    const auto before = found.boxes.size();
    const Answer answer{model, image, input, outputs};
    if (task == Task::segment) add_masks(answer, options, found);
    if (task == Task::pose) add_keypoints(answer, options, found);
    if (task == Task::obb) add_oriented(answer, options, found);
    if (task == Task::classify) add_classes(answer, found);
    return found.boxes.size() - before;
  });
  return task == Task::classify ? found : in_categories(std::move(found), set, model);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/score_segment.h"

#include <fmt/format.h>

#include <unordered_map>

#include "data/class_match.h"
#include "data/outlines.h"
#include "eval/coco_map.h"
#include "eval/decode_rows.h"
#include "eval/mask_map.h"
#include "nibble/error.h"
#include "scoring/detect.h"

namespace nibble {
namespace {

struct MaskFindings {
  std::vector<Detection> boxes;
  std::vector<RunLengths> masks;  ///< of each
};

Prototypes prototypes_of(const Tensor& output) {
  const auto& shape = output.shape();
  return {output.as<float>().first(static_cast<std::size_t>(shape[1] * shape[2] * shape[3])), shape[1], shape[2], shape[3]};
}

MaskFindings find_masks(const EvalOptions& options, const DetectorFile& model, const EvalSet& set, Progress& progress) {
  const auto decode = decode_options(options.detect);
  MaskFindings found;
  run_on_images(model, set, "evaluate " + options.model.filename().string(), progress,
                [&](const CocoImage& image, const NetworkImage& input, const std::vector<Tensor>& outputs) {
                  const Tensor whole = outputs.at(0).to(DType::f32), prototypes = outputs.at(1).to(DType::f32);
                  const auto rows = decode_rows(detections_output(model, outputs), 0, model.kind, model.class_count, model.strides,
                                                input.letterbox, image.id, model.image_size, decode);
                  for (const auto& row : rows) {
                    found.masks.push_back(assemble_mask(prototypes_of(prototypes), extras_at(whole, model, row.row),
                                                        corners_at(whole, model, row.row), model.image_size, input.letterbox));
                    found.boxes.push_back(row.detection);
                  }
                  return rows.size();
                });
  return found;
}

/// Of each annotation, before any image is run: a fault in the last one would cost all the time.
std::vector<RunLengths> true_masks(const EvalSet& set, const std::vector<Outline>& outlines) {
  std::unordered_map<std::int64_t, ImageSize> sizes_px;
  for (const auto& image : set.dataset.images)
    sizes_px[image.id] =
        image.width_px > 0 && image.height_px > 0 ? ImageSize(image.height_px, image.width_px) : read_image_size(image_path(set, image));
  std::vector<RunLengths> masks;
  for (const auto& annotation : set.dataset.annotations) {
    const auto& size = sizes_px.at(annotation.image_id);
    try {
      masks.push_back(mask_of(outlines.at(annotation.entry), size.height, size.width));
    } catch (const Error& error) {
      throw Error(ErrorKind::input,
                  fmt::format("data set: {}: annotation {}: {}; mend its segmentation", set.annotations_name, annotation.id, error.what()));
    }
  }
  return masks;
}

}  // namespace

TaskScore score_segment(const EvalOptions& options, Progress& progress) {
  refuse_detector_options(options);
  std::vector<Outline> outlines;
  const auto reader = outline_reader(outlines);
  auto set = open_eval_set(options.data, &reader);
  require_readable(set, options.data.on_bad_data, options.runtime.threads);
  const auto model = open_any_task(options.model, options.runtime, options.optimize, options.file);
  const auto truths = true_masks(set, outlines);
  auto found = find_masks(options, model, set, progress);
  map_classes(found.boxes, with_classes_of(set.dataset, model.class_names));
  TaskScore score;
  score.result.masks = evaluate_masks(set.dataset, truths, found.boxes, found.masks, options.runtime.threads);
  score.result.metrics = evaluate_coco(set.dataset, found.boxes, options.runtime.threads);
  finish_score(score, options, model, set, to_json(score.result.metrics), progress);
  score.document["masks"] = to_json(*score.result.masks);
  return score;
}

}  // namespace nibble

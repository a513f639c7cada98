// SPDX-License-Identifier: Apache-2.0
#include "compare/task_comparison.h"

#include <algorithm>
#include <filesystem>

#include "scoring/detect.h"

namespace nibble {

SeenObjects see_objects(const DetectorFile& model, const EvalSet& set, double confidence, const std::string& title, Progress& progress) {
  constexpr double kFadedShare = 0.2;
  DecodeOptions decode;
  decode.confidence = kFadedShare * confidence;
  SeenObjects seen;
  if (task_of(model) == "detect") return {detect_images(model, set, {}, title, progress), {}};
  seen.detections = detect_images(model, set, {}, title, progress,
                                  [&](const CocoImage& image, const NetworkImage& input, const std::vector<Tensor>& outputs) {
                                    seen.found.push_back(found_in(model, outputs, input.letterbox, image.id, decode));
                                    return std::size_t{0};
                                  });
  return seen;
}

std::vector<ComparedImage> compared_images(const EvalSet& set, double confidence, const SeenObjects& a, const SeenObjects& b) {
  std::vector<ComparedImage> images;
  for (std::size_t i = 0; i < a.found.size(); ++i) {
    const auto &in_a = a.found[i], &in_b = b.found[i];
    ComparedImage image{std::filesystem::path(set.dataset.images[i].file_name).filename().string(),
                        in_a.size,
                        in_a.objects,
                        in_b.objects,
                        in_a.probabilities,
                        in_b.probabilities};
    std::erase_if(image.a, [&](const PredictedBox& object) { return object.confidence < confidence; });
    images.push_back(std::move(image));
  }
  return images;
}

void compare_task(const std::vector<ComparedImage>& images, Comparison& comparison) {
  const auto& task = comparison.task;
  if (task == "segment") comparison.masks = measure_masks(images);
  if (task == "pose") comparison.keypoints = measure_keypoints(images);
  if (task == "obb") comparison.angles = measure_angles(images);
  if (task == "classify") comparison.classes = measure_classes(images, comparison.category_names);
}

}  // namespace nibble

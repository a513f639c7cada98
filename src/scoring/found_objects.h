// SPDX-License-Identifier: Apache-2.0
// What a model of any task finds in an image, as Ultralytics' predictors give it.
#pragma once
#include <string>
#include <vector>

#include "base/progress.h"
#include "eval/detection.h"
#include "nibble/predict.h"
#include "scoring/detector_file.h"
#include "scoring/eval_set.h"

namespace nibble {

/// "detect", "segment", "pose", "obb" or "classify", as the file's metadata say; "detect" where they say nothing.
std::string task_of(const DetectorFile& model);

/// The objects in one run's outputs, best score first, in pixels of the image. The letterbox is undone by the sizes that the image was
/// really resized to (ultralytics.utils.ops.scale_boxes), which differs from detections that are scored by less than a pixel. Each box is
/// an object of its best class alone. Masks: objects without any pixel in the network's input are left out; outlines are those of the mask
/// there. Errors as decode_output.
std::vector<PredictedBox> objects_in(const DetectorFile& model, const std::vector<Tensor>& outputs, const Letterbox& letterbox,
                                     std::int64_t image_id, const DecodeOptions& options);

/// Of a classifier: the probability of each class. Error(numeric) where one is not finite.
std::vector<double> probabilities_in(const DetectorFile& model, const std::vector<Tensor>& outputs, std::int64_t image_id);

struct FoundInImage {
  ImageSize size;
  std::vector<PredictedBox> objects;
  std::vector<double> probabilities;  ///< of classifiers, which have no objects
};
/// The same by what the model's task gives.
FoundInImage found_in(const DetectorFile& model, const std::vector<Tensor>& outputs, const Letterbox& letterbox, std::int64_t image_id,
                      const DecodeOptions& options);

/// Of each image of the set, in order. Classifiers see the middle of it, others all of it.
std::vector<FoundInImage> find_objects(const DetectorFile& model, const EvalSet& set, const DecodeOptions& options,
                                       const std::string& title, Progress& progress);

}  // namespace nibble

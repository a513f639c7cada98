// SPDX-License-Identifier: Apache-2.0
// How far what one model sees is from what another one sees, in the terms of its task. The numbers are explained in nibble/compare.h.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "nibble/compare.h"
#include "nibble/predict.h"

namespace nibble {

/// One image as both models see it; of A the objects of at least the working confidence.
struct ComparedImage {
  std::string name;
  ImageSize size;
  std::vector<PredictedBox> a, b;                        ///< objects
  std::vector<double> a_probabilities, b_probabilities;  ///< of classifiers
};

MaskDrift measure_masks(const std::vector<ComparedImage>& images);
KeypointDrift measure_keypoints(const std::vector<ComparedImage>& images);
AngleDrift measure_angles(const std::vector<ComparedImage>& images);
ClassDrift measure_classes(const std::vector<ComparedImage>& images, const std::map<std::int64_t, std::string>& class_names);

/// Degrees between two boxes: see AngleDrift::mean_degrees.
double degrees_between(const TurnedBox& a, const TurnedBox& b);

}  // namespace nibble

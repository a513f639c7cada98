// SPDX-License-Identifier: Apache-2.0
// The pictures that `predict` writes.
#pragma once
#include <map>
#include <string>

#include "nibble/predict.h"

namespace nibble {

struct PictureTitles {
  std::string baseline, model;  ///< above the two halves
};

/// The bytes of a JPEG: the image with what the model found in it, or with `result.is_compared` the baseline's and the model's half side by
/// side, with what changed in dashes and named. Each half has then at most 4096 pixels on a side. Errors as read_pixels and jpeg_of.
std::string picture_of(const PredictedImage& image, const PredictResult& result, const PictureTitles& titles);

}  // namespace nibble

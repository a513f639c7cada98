// SPDX-License-Identifier: Apache-2.0
// The grid of codes over a range of values that spans 0, and so holds 0 exactly.
#pragma once
#include <algorithm>
#include <cmath>
#include <limits>

#include "graph/quant_params.h"

namespace nibble {

/// value = (code - zero_point) * scale.
struct AffineGrid {
  float scale = 1;
  std::int8_t zero_point = 0;
};

/// `scale` as f32, or 1 where it is too small to divide by: then there is nothing but zeros to hold, and every scale is exact.
inline float positive_scale(double scale) { return scale > std::numeric_limits<float>::min() ? static_cast<float>(scale) : 1.0F; }

/// The grid over low..high with low <= 0 <= high, for signed codes: scale = (high - low) / (max_code - min_code), zero_point =
/// round(min_code - low / scale).
inline AffineGrid affine_grid(double low, double high, const QuantSpec& spec) {
  const float scale = positive_scale((high - low) / (spec.max_code() - spec.min_code()));
  const double zero_point = std::nearbyint(spec.min_code() - low / static_cast<double>(scale));
  return {scale, static_cast<std::int8_t>(std::clamp<double>(zero_point, spec.min_code(), spec.max_code()))};
}

}  // namespace nibble

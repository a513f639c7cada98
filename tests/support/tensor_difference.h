// SPDX-License-Identifier: Apache-2.0
// How far two tensors lie apart.
#pragma once
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "base/tensor.h"

namespace nibble::testing {

struct TensorDifference {
  double max_abs = 0, mean_abs = 0;
  double max_relative = 0;  ///< max_abs divided by the reference's largest magnitude; 0 where nothing differs
};

/// Of tensors of one shape whose types convert to float32. What is not finite in one of them makes max_abs infinite.
inline TensorDifference difference_of(const Tensor& reference, const Tensor& other) {
  if (reference.shape() != other.shape()) throw std::invalid_argument("two shapes");
  const Tensor a_tensor = reference.to(DType::f32), b_tensor = other.to(DType::f32);
  const auto a = a_tensor.as<float>(), b = b_tensor.as<float>();
  TensorDifference difference;
  double magnitude = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double gap = std::isfinite(a[i]) && std::isfinite(b[i]) ? std::abs(double{a[i]} - double{b[i]}) : HUGE_VAL;
    difference.mean_abs += gap / static_cast<double>(a.size());
    difference.max_abs = std::max(difference.max_abs, gap);
    magnitude = std::max(magnitude, std::abs(double{a[i]}));
  }
  if (difference.max_abs > 0) difference.max_relative = difference.max_abs / magnitude;
  return difference;
}

}  // namespace nibble::testing

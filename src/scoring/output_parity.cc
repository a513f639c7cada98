// SPDX-License-Identifier: Apache-2.0
#include "scoring/output_parity.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nibble/error.h"

namespace nibble {
namespace {

using Values = std::span<const float>;

constexpr float kConfident = 0.25F;

double largest_difference(Values a, Values b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(difference <= largest)) largest = difference;  // keeps a NaN
  }
  return largest;
}

/// Largest coordinate difference of one row's box to the nearest box of its class; infinite when there is none.
double nearest_box(Values row, Values others) {
  double nearest = std::numeric_limits<double>::infinity();
  for (std::size_t r = 0; r + 6 <= others.size(); r += 6)
    if (others[r + 5] == row[5]) nearest = std::min(nearest, largest_difference(row.first(4), others.subspan(r, 4)));
  return nearest;
}

void compare_ranked(Values a, Values b, Parity& parity) {
  for (std::size_t r = 0; r + 6 <= a.size(); r += 6) {
    const double score = largest_difference(a.subspan(r + 4, 1), b.subspan(r + 4, 1));
    if (!(score <= parity.max_score)) parity.max_score = score;
    if (a[r + 4] >= kConfident) parity.max_box_px = std::max(parity.max_box_px, nearest_box(a.subspan(r, 6), b));
  }
}

}  // namespace

Parity compare_outputs(const std::string& what, const Tensor& reference, const Tensor& other, OutputKind kind) {
  if (reference.shape() != other.shape() || reference.shape().size() != 3)
    throw Error(ErrorKind::internal, fmt::format("parity: {}: the outputs differ in shape", what));
  const auto rows = static_cast<std::size_t>(reference.shape()[1]), columns = static_cast<std::size_t>(reference.shape()[2]);
  const Tensor a_floats = reference.to(DType::f32), b_floats = other.to(DType::f32);
  const Values a = a_floats.as<float>().first(rows * columns), b = b_floats.as<float>().first(rows * columns);
  Parity parity{what, 0, 0};
  if (kind == OutputKind::one2one) {
    compare_ranked(a, b, parity);
  } else {
    const std::size_t boxes = kind == OutputKind::one2many ? 4 * columns : 0;
    parity.max_box_px = largest_difference(a.first(boxes), b.first(boxes));
    parity.max_score = largest_difference(a.subspan(boxes), b.subspan(boxes));
  }
  return parity;
}

}  // namespace nibble

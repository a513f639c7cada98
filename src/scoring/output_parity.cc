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

/// A row of one2one beside the row of its class with the nearest box: the largest differences of the box, and of what stands behind the
/// class. Infinite where there is none of its class.
struct NearestRow {
  double box_px = std::numeric_limits<double>::infinity();
  double behind = 0;
};
constexpr std::size_t kScoreColumn = 4, kClassColumn = 5, kOwnColumns = 6;

NearestRow nearest_row(Values row, Values others) {
  NearestRow nearest;
  for (std::size_t r = 0; r + row.size() <= others.size(); r += row.size()) {
    const auto other = others.subspan(r, row.size());
    if (other[kClassColumn] != row[kClassColumn]) continue;
    const double box_px = largest_difference(row.first(4), other.first(4));
    if (box_px < nearest.box_px) nearest = {box_px, largest_difference(row.subspan(kOwnColumns), other.subspan(kOwnColumns))};
  }
  return nearest;
}

void compare_ranked(Values a, Values b, std::size_t columns, Parity& parity) {
  const auto raise = [](double& largest, double found) {
    if (!(found <= largest)) largest = found;  // keeps a NaN
  };
  for (std::size_t r = 0; r + columns <= a.size(); r += columns) {
    raise(parity.max_score, largest_difference(a.subspan(r + kScoreColumn, 1), b.subspan(r + kScoreColumn, 1)));
    if (a[r + kScoreColumn] < kConfident) continue;
    const auto nearest = nearest_row(a.subspan(r, columns), b);
    raise(parity.max_box_px, nearest.box_px);
    raise(parity.max_score, nearest.behind);
  }
}

}  // namespace

Parity compare_outputs(const std::string& what, const Tensor& reference, const Tensor& other, OutputKind kind) {
  const auto& shape = reference.shape();
  if (shape != other.shape() || (shape.size() != 3 && shape.size() != 2))
    throw Error(ErrorKind::internal, fmt::format("parity: {}: the outputs differ in shape", what));
  const bool has_boxes = shape.size() == 3;
  const auto rows = static_cast<std::size_t>(shape[1]), columns = has_boxes ? static_cast<std::size_t>(shape[2]) : 1;
  const Tensor a_floats = reference.to(DType::f32), b_floats = other.to(DType::f32);
  const Values a = a_floats.as<float>().first(rows * columns), b = b_floats.as<float>().first(rows * columns);
  Parity parity{what, 0, 0};
  if (has_boxes && kind == OutputKind::one2one) {
    compare_ranked(a, b, columns, parity);
  } else {
    const std::size_t boxes = has_boxes && kind == OutputKind::one2many ? 4 * columns : 0;
    parity.max_box_px = largest_difference(a.first(boxes), b.first(boxes));
    parity.max_score = largest_difference(a.subspan(boxes), b.subspan(boxes));
  }
  return parity;
}

}  // namespace nibble

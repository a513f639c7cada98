// SPDX-License-Identifier: Apache-2.0
// Where a row's scale and zero point start, and what is tried around that.
#pragma once
#include <cstdint>
#include <vector>

#include "quant/rounding/affine_grid.h"
#include "quant/rounding/rounding.h"

namespace nibble {

/// Columns of each scale slot.
using Columns = std::vector<std::int64_t>;

class GridSearch {
 public:
  /// `problem` stays the caller's.
  GridSearch(const RoundingProblem& problem, ScaleSearch search);

  /// The grid with the least error of nearest rounding for a slot's columns of `count` rows taken together. `rows` [count, columns]
  /// stand at `first_row` of all groups' rows, which decides their importances.
  AffineGrid best(const float* rows, std::int64_t first_row, std::int64_t count, std::int32_t slot) const;

 private:
  double error(const float* row, std::int64_t index, const Columns& columns, const AffineGrid& grid) const;

  const RoundingProblem& problem_;
  ScaleSearch search_;
  std::vector<Columns> columns_;   // by slot
  std::vector<float> importance_;  // [groups, columns]
};

/// A grid near the first one, judged by the error of the codes it leads to.
struct Trial {
  float scale_factor = 1;
  int zero_point_shift = 0;
};
AffineGrid moved(const AffineGrid& grid, const Trial& trial, const QuantSpec& spec);

/// So few columns that every trial is cheap, and that much is left to the luck of the grid.
bool has_short_rows(const RoundingProblem& problem);
/// The grid as it is comes first.
std::vector<Trial> trials_of(const RoundingProblem& problem);

}  // namespace nibble

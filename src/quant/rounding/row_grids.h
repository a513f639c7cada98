// SPDX-License-Identifier: Apache-2.0
// The grid (scale and zero point) with which the rounding of a row starts, and the grids near it that are tried as well.
#pragma once
#include <cstdint>
#include <vector>

#include "quant/rounding/affine_grid.h"
#include "quant/rounding/rounding.h"

namespace nibble {

/// The columns that use one slot of scales.
using Columns = std::vector<std::int64_t>;

class GridSearch {
 public:
  /// `problem` is not copied and must outlive this object.
  GridSearch(const RoundingProblem& problem, ScaleSearch search);

  /// The one grid that gives `count` rows together the least error of nearest rounding in the columns of `slot`; with ScaleSearch::max the
  /// one that spans the weights. `rows` is [count, columns]. `first_row` is the index of the first one over all groups; it decides which
  /// group's Hessian weights the errors.
  AffineGrid best(const float* rows, std::int64_t first_row, std::int64_t count, std::int32_t slot) const;

 private:
  double error(const float* row, std::int64_t index, const Columns& columns, const AffineGrid& grid) const;

  const RoundingProblem& problem_;
  ScaleSearch search_;
  std::vector<Columns> columns_;   // by slot
  std::vector<float> importance_;  // [groups, columns]
};

/// A grid near the first one. It is compared with others by the error of the codes that GPTQ finds on it.
struct Trial {
  float scale_factor = 1;    ///< by which the scale is multiplied
  int zero_point_shift = 0;  ///< in codes
};
/// The grid that a trial makes of `grid`; the zero point stays in the range of codes.
AffineGrid moved(const AffineGrid& grid, const Trial& trial, const QuantSpec& spec);

/// Whether rows have at most 64 columns. Trials are cheap then, and with few columns much depends on where the grid happens to lie, so more
/// are made.
bool has_short_rows(const RoundingProblem& problem);
/// The trials for each row, the unchanged grid first; with 8 bits there is no other.
std::vector<Trial> trials_of(const RoundingProblem& problem);

}  // namespace nibble

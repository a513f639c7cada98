// SPDX-License-Identifier: Apache-2.0
// Up to kLanes rows of a RoundingProblem, column-major, so that one pass over the factor of the Hessian serves them all.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "quant/rounding/affine_grid.h"
#include "quant/rounding/column_blocks.h"
#include "quant/rounding/rounding.h"

namespace nibble {

inline constexpr std::int64_t kRowsPerBlock = kLanes;

class RowBlock {
 public:
  using Sums = std::array<double, kRowsPerBlock>;

  /// Rows first .. first + kRowsPerBlock - 1 of `group`, or as many of them as there are. Codes start at 0, scales at 1, zero points at 0.
  /// The problem is not copied and must outlive the block.
  RowBlock(const RoundingProblem& problem, std::int64_t group, std::int64_t first);
  /// `attempts` (at most kRowsPerBlock) lanes that all hold the same row, so that several grids can be tried at once. `row` counts over all
  /// groups; `target` [columns] takes the place of the problem's.
  RowBlock(const RoundingProblem& problem, std::int64_t row, const std::vector<float>& target, std::int64_t attempts);

  std::int64_t rows() const { return rows_; }
  /// The index, over all groups, of the block's row r.
  std::int64_t global_row(std::int64_t r) const { return group_ * problem_->rows + first_ + r; }
  void set_grid(std::int32_t slot, std::int64_t r, const AffineGrid& grid);
  /// Writes codes, scales and zero points into the places of these rows in `result`. Of several attempts at one row the first is written.
  void store(RoundedWeights& result) const;

  /// Rounds each target to the nearest code.
  void round_nearest();
  /// Rounds by plain GPTQ with the present scales: the nearest code of each column, errors passed on to later columns. Needs
  /// inverse_factor. Returns e of each row, the sum of the squared compensated errors.
  Sums round_gptq();
  /// The same with a beam of candidates (beam.h), which finds codes with a smaller e or the same.
  Sums round_beam();
  /// Copies codes, scales and zero points of row r from another block of the same rows.
  void copy_row(const RowBlock& other, std::int64_t r);

  /// Improves each row as row_refinement.h says.
  void refine();

 private:
  Lane codes_of(const Lane& values, std::int32_t slot) const;

  const RoundingProblem* problem_;
  std::int64_t group_;
  std::int64_t first_;
  std::int64_t rows_;
  bool is_one_row_ = false;                 // lanes are attempts at it
  std::vector<Lane> targets_, codes_;       // [columns]; codes less their zero point: value = code * scale
  std::vector<Lane> scales_, zero_points_;  // [slot_count]
};

}  // namespace nibble

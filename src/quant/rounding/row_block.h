// SPDX-License-Identifier: Apache-2.0
// Up to 16 rows of a RoundingProblem, column-major, so that one pass over the factor of the Hessian serves them all.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "quant/rounding/affine_grid.h"
#include "quant/rounding/rounding.h"

namespace nibble {

inline constexpr std::int64_t kRowsPerBlock = 16;

class RowBlock {
 public:
  using Lane = std::array<float, kRowsPerBlock>;  ///< one number per row
  using Sums = std::array<double, kRowsPerBlock>;

  /// Rows [first, first + kRowsPerBlock) of `group`, as far as they exist; codes 0, scales 1, zero points 0.
  RowBlock(const RoundingProblem& problem, std::int64_t group, std::int64_t first);
  /// As many attempts at one row (index among all groups' rows) with its own target, [columns].
  RowBlock(const RoundingProblem& problem, std::int64_t row, const std::vector<float>& target, std::int64_t attempts);

  std::int64_t rows() const { return rows_; }
  /// Index of row r among all groups' rows.
  std::int64_t global_row(std::int64_t r) const { return group_ * problem_->rows + first_ + r; }
  void set_grid(std::int32_t slot, std::int64_t r, const AffineGrid& grid);
  /// Of several attempts at a row, the first.
  void store(RoundedWeights& result) const;

  /// Each column to the nearest code.
  void round_nearest();
  /// GPTQ with the present scales; needs inverse_factor. Returns e of each row: the sum of the squared compensated errors.
  Sums round_gptq();
  /// The same with a beam of candidates (quant/beam.h).
  Sums round_beam();
  /// Takes codes, scales and zero points of row r over from another block of the same rows.
  void copy_row(const RowBlock& other, std::int64_t r);

  /// quant/row_refinement.h, for each row.
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

// SPDX-License-Identifier: Apache-2.0
// Up to 16 rows of a RoundingProblem, column-major, so that one pass over the Hessian serves them all.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "quant/rounding.h"

namespace nibble {

inline constexpr std::int64_t kRowsPerBlock = 16;

class RowBlock {
 public:
  using Lane = std::array<float, kRowsPerBlock>;  ///< one number per row
  using Sums = std::array<double, kRowsPerBlock>;

  /// Rows [first, first + kRowsPerBlock) of `group`, as far as they exist; codes 0, scales 1, zero points 0.
  RowBlock(const RoundingProblem& problem, std::int64_t group, std::int64_t first);

  std::int64_t rows() const { return rows_; }
  /// Index of row r among all groups' rows.
  std::int64_t global_row(std::int64_t r) const { return group_ * problem_->rows + first_ + r; }
  float& scale(std::int32_t slot, std::int64_t r) { return scales_[slot][r]; }
  float& zero_point(std::int32_t slot, std::int64_t r) { return zero_points_[slot][r]; }
  void store(RoundedWeights& result) const;

  /// Each column to the nearest code.
  void round_nearest();
  /// GPTQ with the present scales; needs inverse_factor. Returns e of each row: the sum of the squared compensated errors.
  Sums round_gptq();
  /// The same with a beam of candidates (quant/beam.h).
  void round_beam();
  /// Takes codes, scales and zero points of row r over from another block of the same rows.
  void copy_row(const RowBlock& other, std::int64_t r);

  /// Starts the refinement: the gradient (s c - w*) H. Codes and scales change only through descend and rescale then.
  void begin_refinement();
  /// One sweep of coordinate descent; returns how many codes changed.
  std::int64_t descend();
  /// For scales of `slot` moved by d: e changes by 2 d first + d^2 second.
  struct Curvature {
    Sums first{}, second{};
  };
  Curvature scale_curvature(std::int32_t slot);
  /// Moves the scales of the slot last given to scale_curvature.
  void rescale(std::int32_t slot, const Lane& difference);
  /// e of each row, from the gradient.
  Sums errors() const;

  /// sum of w* H w*^T of the block's rows.
  double signal() const;

 private:
  const float* hessian_row(std::int64_t column) const;
  Lane codes_of(const Lane& values, std::int32_t slot) const;
  Lane residual(std::int64_t column) const;
  std::vector<Lane> times_hessian(const std::vector<Lane>& x) const;

  const RoundingProblem* problem_;
  std::int64_t group_;
  std::int64_t first_;
  std::int64_t rows_;
  std::vector<Lane> targets_, codes_;       // [columns]; codes less their zero point: value = code * scale
  std::vector<Lane> scales_, zero_points_;  // [slot_count]
  std::vector<Lane> gradient_;              // [columns]
  std::vector<Lane> slot_gradient_;         // [columns]: (codes of one slot) H
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Choosing integer codes and scales for one layer's weights. Plain C++: no LibTorch.
//
// A layer computes y = W x with rows w (one per output channel). With x' the input it will really see, H = E[x' x'^T] and
// the target w*, the expected squared output error of codes c (less their zero point) and scale s is, up to a constant,
//   e(c, s) = (s c - w*) H (s c - w*)^T.
// GPTQ (Frantar et al. 2022, algorithm 1): columns in order; the rounding error of a column is compensated in the columns
// not yet rounded through U, the upper Cholesky factor of H^-1 (H^-1 = U^T U).
// With the scales it likes best, more than one beginning is followed (beam.h). Where rows are coupled, they are rounded in turn
// (coupled_rows.h).
// Coordinate descent (Behdin et al. 2023, QuantEase, section 3): column by column, the best code given all others; e never rises.
// Scale refit: for fixed codes e is quadratic in s; its minimum is s = (w* H c^T) / (c H c^T).
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "graph/quant_params.h"
#include "quant/recipe.h"

namespace nibble {

/// Groups of a grouped convolution have a Hessian each; rows are output channels, columns input channel x kernel height x width.
struct RoundingProblem {
  std::int64_t groups = 1;
  std::int64_t rows = 0;  ///< per group
  std::int64_t columns = 0;
  std::vector<float> targets;         ///< [groups, rows, columns]: w*
  std::vector<float> hessian;         ///< [groups, columns, columns]: symmetric, damped, positive definite
  std::vector<float> inverse_factor;  ///< [groups, columns, columns]: U; empty for Rounding::nearest
  std::vector<std::int32_t> slots;    ///< [columns]: which scale of its row a column uses, 0-based
  std::int32_t slot_count = 1;
  std::vector<std::int64_t> row_order;  ///< with row_feedback: [rows], the order in which rows are rounded
  std::vector<float> row_feedback;      ///< [rows, rows] in that order, M of coupled_rows.h; empty: each row on its own
  bool shared_scale = false;            ///< one scale and zero point for the whole tensor; slot_count is 1 then
  bool symmetric = true;                ///< zero points are 0
  QuantSpec spec;
};

struct RoundedWeights {
  std::vector<std::int8_t> codes;        ///< [groups, rows, columns]
  std::vector<float> scales;             ///< [groups * rows, slot_count]; all equal when shared_scale
  std::vector<std::int8_t> zero_points;  ///< of the same shape
  double error = 0;                      ///< sum of e over rows
  double signal = 0;                     ///< sum of w* H w*^T
};

/// Restored weight less the target.
float error_of(const RoundingProblem& problem, const RoundedWeights& rounded, std::int64_t row, std::int64_t column);

/// Calls body(first, last) on pieces of [0, count), possibly at once.
using ParallelFor = std::function<void(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body)>;

/// The same problem gives the same codes, whatever the number of threads.
RoundedWeights round_weights(const RoundingProblem& problem, Rounding rounding, ScaleSearch search, const ParallelFor& parallel_for);

}  // namespace nibble

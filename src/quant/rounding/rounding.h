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

/// One layer's weights to be rounded. Each group of a grouped convolution has a Hessian of its own. A row is an output channel, a column
/// one weight of it: input channel x kernel height x kernel width.
struct RoundingProblem {
  std::int64_t groups = 1;
  std::int64_t rows = 0;  ///< of each group
  std::int64_t columns = 0;
  std::vector<float> targets;           ///< [groups, rows, columns]: w*
  std::vector<float> hessian;           ///< [groups, columns, columns]: symmetric, damped, positive definite
  std::vector<float> inverse_factor;    ///< [groups, columns, columns]: U; empty for Rounding::nearest
  std::vector<std::int32_t> slots;      ///< [columns]: which of its row's scales a column uses, from 0
  std::int32_t slot_count = 1;          ///< how many scales each row has
  std::vector<std::int64_t> row_order;  ///< [rows] where row_feedback is given: the order in which rows are rounded
  std::vector<float> row_feedback;      ///< [rows, rows] in that order: M of coupled_rows.h; empty where each row is rounded on its own
  bool shared_scale = false;            ///< whether the whole tensor has one scale and zero point; slot_count is 1 then
  bool symmetric = true;                ///< whether zero points have to be 0
  QuantSpec spec;                       ///< with a trellis the columns must be in the order of memory, with one slot and inverse_factor
};

struct RoundedWeights {
  std::vector<std::int8_t> codes;        ///< [groups, rows, columns]
  std::vector<float> scales;             ///< [groups * rows, slot_count]; all equal when shared_scale
  std::vector<std::int8_t> zero_points;  ///< in the shape of the scales
  int trellis_curve = 0;                 ///< with a trellis: the one that was chosen
  double error = 0;                      ///< the sum of e over all rows
  double signal = 0;                     ///< the sum of w* H w*^T over all rows
};

/// The dequantised weight minus its target. `row` counts over all groups.
float error_of(const RoundingProblem& problem, const RoundedWeights& rounded, std::int64_t row, std::int64_t column);

/// Calls body(first, last) for pieces that together make up [0, count), in any order and possibly at the same time; returns when all are
/// done.
using ParallelFor = std::function<void(std::int64_t count, const std::function<void(std::int64_t, std::int64_t)>& body)>;

/// Chooses codes, scales and zero points. `search` finds the first grid of each row; with Rounding::gptq grids near it are tried too. Rows
/// are coupled where the problem has row_feedback and `rounding` is gptq. The same problem gives the same result, whatever the number of
/// threads.
RoundedWeights round_weights(const RoundingProblem& problem, Rounding rounding, ScaleSearch search, const ParallelFor& parallel_for);

}  // namespace nibble

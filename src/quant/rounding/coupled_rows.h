// SPDX-License-Identifier: Apache-2.0
// Rows rounded one after the other, each making up for what the errors of those before do to the head.
//
// With F the Fisher information of a convolution's outputs (quant/statistics/output_fisher.h) and D the errors of its weights, [rows,
// columns], the head's divergence grows by tr(F D H D^T) / 2, H as in rounding.h (a Kronecker factorisation: Martens and Grosse 2015, KFC
// 2016). F = M^T C M with M unit lower triangular and C diagonal splits it into a sum over rows,
//   tr(F D H D^T) = sum over i of C_ii d_i H d_i^T,   d_i = D_i + sum over j < i of M_ij D_j:
// row i is rounded towards w*_i less the errors that came before it, as GPTQ does within a row (both sides at once: Tseng et al. 2025,
// YAQA).
#pragma once
#include "quant/rounding/beam.h"
#include "quant/rounding/rounding.h"

namespace nibble {

/// Rounds a problem that has row_feedback. It must have one group and no shared scale. The same problem gives the same codes, whatever the
/// number of threads. `error` and `signal` of the result are left at 0; round_weights fills them in.
RoundedWeights round_coupled(const RoundingProblem& problem, ScaleSearch search, const ParallelFor& parallel_for);
/// The same along a trellis.
RoundedWeights round_coupled(const RoundingProblem& problem, const PhaseLevels& levels, const ParallelFor& parallel_for);

}  // namespace nibble

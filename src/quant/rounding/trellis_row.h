// SPDX-License-Identifier: Apache-2.0
// Rounds a row along a trellis (graph/trellis.h) by a beam search (beam.h), and fits its scale.
#pragma once
#include <vector>

#include "quant/rounding/beam.h"
#include "quant/rounding/rounding.h"

namespace nibble {

struct TrellisRow {
  std::vector<float> codes;  ///< [columns]
  float scale = 1;
  double error = 0;  ///< e of rounding.h
};

class TrellisRounder {
 public:
  /// For rows of one group. The problem, which must have inverse_factor, and the levels are not copied and must outlive this object.
  TrellisRounder(const RoundingProblem& problem, std::int64_t group, const PhaseLevels& levels);

  /// At the best of several scales below that of the largest weight; then scale and codes in turn, each the best given the other, while e
  /// falls.
  TrellisRow round(const std::vector<float>& target);

  /// The scale at which a narrow beam finds the least error, and that error.
  struct Estimate {
    float scale;
    double error;
  };
  Estimate best_scale(const std::vector<float>& target);

 private:
  TrellisRow at_scale(const std::vector<float>& target, float scale);
  bool refit(const std::vector<float>& target, TrellisRow& row) const;

  const RoundingProblem& problem_;
  const float* hessian_;
  const PhaseLevels& levels_;
  BeamSearch beam_;
};

/// Writes codes and scale into the places of a row, which counts over all groups.
void store(const TrellisRow& row, std::int64_t index, RoundedWeights& result);

/// The curve with which a sample of the rows has the least error, for problem.spec.trellis.
int best_trellis_curve(const RoundingProblem& problem, const ParallelFor& parallel_for);

}  // namespace nibble

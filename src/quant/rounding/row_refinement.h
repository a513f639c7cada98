// SPDX-License-Identifier: Apache-2.0
// A row's scales and codes in turn, each the best given the other; the error of rounding.h never rises.
#pragma once
#include <vector>

#include "quant/rounding/rounding.h"

namespace nibble {

class RowRefinement {
 public:
  /// `target` [columns] of a row of `group`; the problem stays the caller's.
  RowRefinement(const RoundingProblem& problem, std::int64_t group, std::vector<float> target);

  /// `codes` [columns], less their zero points; `scales` and `zero_points` [slot_count]. A shared scale stays.
  void run(std::vector<float>& codes, std::vector<float>& scales, const std::vector<float>& zero_points);

 private:
  const float* hessian_row(std::int64_t column) const { return hessian_ + column * problem_.columns; }
  void begin(const std::vector<float>& codes, const std::vector<float>& scales);
  void refit(std::int32_t slot, const std::vector<float>& codes, float& scale);
  bool descend(std::vector<float>& codes, const std::vector<float>& scales, const std::vector<float>& zero_points);

  const RoundingProblem& problem_;
  const float* hessian_;
  std::vector<float> target_;
  std::vector<std::vector<float>> products_;  // [slot_count, columns]: (codes of one slot) H
  std::vector<float> gradient_;               // [columns]: (s c - w*) H
};

}  // namespace nibble

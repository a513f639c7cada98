// SPDX-License-Identifier: Apache-2.0
// Improves a rounded row: scales and codes in turn, each the best given the other. The error e of rounding.h never rises.
#pragma once
#include <vector>

#include "quant/rounding/rounding.h"

namespace nibble {

class RowRefinement {
 public:
  /// `target` [columns] is that of a row of `group`. The problem is not copied and must outlive this object.
  RowRefinement(const RoundingProblem& problem, std::int64_t group, std::vector<float> target);

  /// Changes `codes` [columns], zero points subtracted, and `scales` [slot_count] in place; `zero_points` [slot_count] stay, and so does a
  /// scale that all rows share.
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

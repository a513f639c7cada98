// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/row_refinement.h"

#include <algorithm>
#include <cmath>

#include "quant/rounding/add_scaled.h"
#include "quant/rounding/affine_grid.h"

namespace nibble {
namespace {

constexpr int kRounds = 2;
constexpr int kSweeps = 3;

}  // namespace

RowRefinement::RowRefinement(const RoundingProblem& problem, std::int64_t group, std::vector<float> target)
    : problem_(problem), hessian_(problem.hessian.data() + group * problem.columns * problem.columns), target_(std::move(target)) {}

void RowRefinement::run(std::vector<float>& codes, std::vector<float>& scales, const std::vector<float>& zero_points) {
  begin(codes, scales);
  for (int round = 0; round < kRounds; ++round) {
    for (std::int32_t slot = 0; slot < problem_.slot_count && !problem_.shared_scale; ++slot) refit(slot, codes, scales[slot]);
    for (int sweep = 0; sweep < kSweeps; ++sweep)
      if (!descend(codes, scales, zero_points)) break;
  }
}

void RowRefinement::begin(const std::vector<float>& codes, const std::vector<float>& scales) {
  const auto columns = static_cast<std::size_t>(problem_.columns);
  products_.assign(static_cast<std::size_t>(problem_.slot_count), std::vector<float>(columns));
  gradient_.assign(columns, 0);
  std::vector<float> wanted = target_;
  for (float& weight : wanted) weight = -weight;
  for (std::int64_t j = 0, end = 0; j < problem_.columns; j = end) {
    while (end < std::min(j + kRowsOfAPass, problem_.columns) && problem_.slots[end] == problem_.slots[j]) ++end;
    add_scaled_rows(gradient_, hessian_row(j), wanted.data() + j, end - j);
    add_scaled_rows(products_[problem_.slots[j]], hessian_row(j), codes.data() + j, end - j);
  }
  for (std::size_t slot = 0; slot < products_.size(); ++slot) add_scaled(gradient_, products_[slot].data(), scales[slot]);
}

/// The error is quadratic in the scale: least at scale - first / second, where some code is not zero and the scale stays positive.
void RowRefinement::refit(std::int32_t slot, const std::vector<float>& codes, float& scale) {
  double first = 0, second = 0;
  for (std::int64_t j = 0; j < problem_.columns; ++j) {
    if (problem_.slots[j] != slot) continue;
    first += static_cast<double>(codes[j]) * gradient_[j];
    second += static_cast<double>(codes[j]) * products_[slot][j];
  }
  const double refitted = second > 0 ? scale - first / second : 0;
  if (!(refitted > 0)) return;
  const float difference = positive_scale(refitted) - scale;
  scale += difference;
  add_scaled(gradient_, products_[slot].data(), difference);
}

/// One sweep of coordinate descent; whether a code changed.
bool RowRefinement::descend(std::vector<float>& codes, const std::vector<float>& scales, const std::vector<float>& zero_points) {
  bool changed = false;
  for (std::int64_t j = 0; j < problem_.columns; ++j) {
    const std::int32_t slot = problem_.slots[j];
    const float* row = hessian_row(j);
    const auto low = static_cast<float>(problem_.spec.min_code()), high = static_cast<float>(problem_.spec.max_code());
    const float wanted = codes[j] - gradient_[j] / (row[j] * scales[slot]);
    const float best = std::clamp(std::nearbyint(wanted), low - zero_points[slot], high - zero_points[slot]);
    if (best == codes[j]) continue;
    add_scaled(products_[slot], row, best - codes[j]);
    add_scaled(gradient_, row, (best - codes[j]) * scales[slot]);
    codes[j] = best;
    changed = true;
  }
  return changed;
}

}  // namespace nibble

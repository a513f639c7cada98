// SPDX-License-Identifier: Apache-2.0
#include "quant/row_block.h"

#include <algorithm>
#include <cmath>

#include "quant/beam.h"

namespace nibble {
namespace {

using Lane = RowBlock::Lane;

constexpr int kRefineRounds = 2;
constexpr int kDescentSweeps = 3;

/// y[k] += row[k] * a, for k in [first, count).
void add_scaled(std::vector<Lane>& y, const float* row, const Lane& a, std::int64_t first, std::int64_t count) {
  for (std::int64_t k = first; k < count; ++k)
    for (std::int64_t r = 0; r < kRowsPerBlock; ++r) y[k][r] += row[k] * a[r];
}

}  // namespace

RowBlock::RowBlock(const RoundingProblem& problem, std::int64_t group, std::int64_t first)
    : problem_(&problem),
      group_(group),
      first_(first),
      rows_(std::min(kRowsPerBlock, problem.rows - first)),
      targets_(static_cast<std::size_t>(problem.columns), Lane{}),
      codes_(static_cast<std::size_t>(problem.columns), Lane{}),
      scales_(static_cast<std::size_t>(problem.slot_count)),
      zero_points_(static_cast<std::size_t>(problem.slot_count), Lane{}) {
  for (auto& lane : scales_) lane.fill(1);  // lanes without a row stay harmless
  for (std::int64_t r = 0; r < rows_; ++r)
    for (std::int64_t j = 0; j < problem.columns; ++j) targets_[j][r] = problem.targets[global_row(r) * problem.columns + j];
}

RowBlock::RowBlock(const RoundingProblem& problem, std::int64_t row, const std::vector<float>& target, std::int64_t attempts)
    : RowBlock(problem, row / problem.rows, row % problem.rows) {
  is_one_row_ = true;
  rows_ = attempts;
  for (std::size_t j = 0; j < targets_.size(); ++j) targets_[j].fill(target[j]);
}

void RowBlock::set_grid(std::int32_t slot, std::int64_t r, const AffineGrid& grid) {
  scales_[slot][r] = grid.scale;
  zero_points_[slot][r] = grid.zero_point;
}

void RowBlock::store(RoundedWeights& result) const {
  for (std::int64_t r = 0; r < (is_one_row_ ? 1 : rows_); ++r) {
    for (std::int64_t j = 0; j < problem_->columns; ++j)
      result.codes[global_row(r) * problem_->columns + j] = static_cast<std::int8_t>(codes_[j][r] + zero_points_[problem_->slots[j]][r]);
    for (std::int32_t s = 0; s < problem_->slot_count; ++s) {
      result.scales[global_row(r) * problem_->slot_count + s] = scales_[s][r];
      result.zero_points[global_row(r) * problem_->slot_count + s] = static_cast<std::int8_t>(zero_points_[s][r]);
    }
  }
}

const float* RowBlock::hessian_row(std::int64_t column) const {
  return problem_->hessian.data() + (group_ * problem_->columns + column) * problem_->columns;
}

/// Rounds half to even, in the default rounding mode.
Lane RowBlock::codes_of(const Lane& values, std::int32_t slot) const {
  const auto low = static_cast<float>(problem_->spec.min_code());
  const auto high = static_cast<float>(problem_->spec.max_code());
  const Lane& scale = scales_[slot];
  const Lane& zero_point = zero_points_[slot];
  Lane codes;
  for (std::int64_t r = 0; r < kRowsPerBlock; ++r)
    codes[r] = std::clamp(std::nearbyint(values[r] / scale[r]), low - zero_point[r], high - zero_point[r]);
  return codes;
}

void RowBlock::round_nearest() {
  for (std::int64_t j = 0; j < problem_->columns; ++j) codes_[j] = codes_of(targets_[j], problem_->slots[j]);
}

RowBlock::Sums RowBlock::round_gptq() {
  const std::int64_t columns = problem_->columns;
  const float* factor = problem_->inverse_factor.data() + group_ * columns * columns;
  std::vector<Lane> work = targets_;
  Sums errors{};
  for (std::int64_t j = 0; j < columns; ++j) {
    const Lane& scale = scales_[problem_->slots[j]];
    const float* row = factor + j * columns;
    Lane step;
    codes_[j] = codes_of(work[j], problem_->slots[j]);
    for (std::int64_t r = 0; r < kRowsPerBlock; ++r) {
      const float error = (work[j][r] - codes_[j][r] * scale[r]) / row[j];
      errors[r] += static_cast<double>(error) * error;
      step[r] = -error;
    }
    add_scaled(work, row, step, j + 1, columns);
  }
  return errors;
}

RowBlock::Sums RowBlock::round_beam() {
  const std::int64_t columns = problem_->columns;
  BeamSearch beam(problem_->inverse_factor.data() + group_ * columns * columns, columns);
  std::vector<float> targets(targets_.size());
  std::vector<ColumnGrid> grids(targets_.size());
  Sums errors{};
  for (std::int64_t r = 0; r < rows_; ++r) {
    for (std::int64_t j = 0; j < columns; ++j) {
      const std::int32_t slot = problem_->slots[j];
      targets[j] = targets_[j][r];
      grids[j] = {scales_[slot][r], static_cast<float>(problem_->spec.min_code()) - zero_points_[slot][r],
                  static_cast<float>(problem_->spec.max_code()) - zero_points_[slot][r]};
    }
    const std::vector<float>& codes = beam.round(targets, grids);
    for (std::int64_t j = 0; j < columns; ++j) codes_[j][r] = codes[j];
    errors[r] = beam.error();
  }
  return errors;
}

void RowBlock::copy_row(const RowBlock& other, std::int64_t r) {
  for (std::size_t j = 0; j < codes_.size(); ++j) codes_[j][r] = other.codes_[j][r];
  for (std::size_t s = 0; s < scales_.size(); ++s) {
    scales_[s][r] = other.scales_[s][r];
    zero_points_[s][r] = other.zero_points_[s][r];
  }
}

RowBlock::Lane RowBlock::residual(std::int64_t column) const {
  const Lane& scale = scales_[problem_->slots[column]];
  Lane result;
  for (std::int64_t r = 0; r < kRowsPerBlock; ++r) result[r] = codes_[column][r] * scale[r] - targets_[column][r];
  return result;
}

std::vector<RowBlock::Lane> RowBlock::times_hessian(const std::vector<Lane>& x) const {
  std::vector<Lane> result(x.size(), Lane{});
  for (std::int64_t j = 0; j < problem_->columns; ++j) add_scaled(result, hessian_row(j), x[j], 0, problem_->columns);
  return result;
}

/// The gradient; codes and scales change only with it from here.
void RowBlock::begin_refinement() {
  std::vector<Lane> residuals(targets_.size());
  for (std::int64_t j = 0; j < problem_->columns; ++j) residuals[j] = residual(j);
  gradient_ = times_hessian(residuals);
}

/// One sweep; returns how many codes changed.
std::int64_t RowBlock::descend() {
  std::int64_t changed = 0;
  for (std::int64_t j = 0; j < problem_->columns; ++j) {
    const float* row = hessian_row(j);
    const Lane& scale = scales_[problem_->slots[j]];
    Lane step{}, best;
    for (std::int64_t r = 0; r < kRowsPerBlock; ++r) best[r] = codes_[j][r] * scale[r] - gradient_[j][r] / row[j];
    best = codes_of(best, problem_->slots[j]);
    bool any = false;
    for (std::int64_t r = 0; r < rows_; ++r) {
      if (best[r] == codes_[j][r]) continue;
      step[r] = (best[r] - codes_[j][r]) * scale[r];
      codes_[j][r] = best[r];
      any = true;
      ++changed;
    }
    if (any) add_scaled(gradient_, row, step, 0, problem_->columns);
  }
  return changed;
}

/// e is quadratic in the scale: least at scale - first / second, where some code is not zero and the scale stays positive.
void RowBlock::refit_scale(std::int32_t slot) {
  slot_gradient_.assign(targets_.size(), Lane{});
  Sums first{}, second{};
  for (std::int64_t j = 0; j < problem_->columns; ++j)
    if (problem_->slots[j] == slot) add_scaled(slot_gradient_, hessian_row(j), codes_[j], 0, problem_->columns);
  for (std::int64_t j = 0; j < problem_->columns; ++j) {
    if (problem_->slots[j] != slot) continue;
    for (std::int64_t r = 0; r < rows_; ++r) {
      first[r] += static_cast<double>(codes_[j][r]) * gradient_[j][r];
      second[r] += static_cast<double>(codes_[j][r]) * slot_gradient_[j][r];
    }
  }
  Lane difference{};
  for (std::int64_t r = 0; r < rows_; ++r) {
    const double refitted = second[r] > 0 ? scales_[slot][r] - first[r] / second[r] : 0;
    if (refitted > 0) difference[r] = positive_scale(refitted) - scales_[slot][r];
    scales_[slot][r] += difference[r];
  }
  for (std::size_t j = 0; j < gradient_.size(); ++j)
    for (std::int64_t r = 0; r < kRowsPerBlock; ++r) gradient_[j][r] += slot_gradient_[j][r] * difference[r];
}

void RowBlock::refine() {
  for (int round = 0; round < kRefineRounds; ++round) {
    begin_refinement();
    for (std::int32_t slot = 0; slot < problem_->slot_count && !problem_->shared_scale; ++slot) refit_scale(slot);
    for (int sweep = 0; sweep < kDescentSweeps; ++sweep)
      if (descend() == 0) break;
  }
}

}  // namespace nibble

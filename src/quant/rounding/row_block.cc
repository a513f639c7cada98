// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/row_block.h"

#include <algorithm>
#include <cmath>

#include "base/vector_clones.h"
#include "quant/rounding/beam.h"
#include "quant/rounding/row_refinement.h"

namespace nibble {

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

NIBBLE_VECTOR_CLONES void RowBlock::round_nearest() {
  for (std::int64_t j = 0; j < problem_->columns; ++j) codes_[j] = codes_of(targets_[j], problem_->slots[j]);
}

NIBBLE_VECTOR_CLONES RowBlock::Sums RowBlock::round_gptq() {
  const std::int64_t columns = problem_->columns;
  const float* factor = problem_->inverse_factor.data() + group_ * columns * columns;
  std::vector<Lane> work = targets_;
  Sums sums{};
  for (std::int64_t first = 0; first < columns; first += kColumnsPerBlock) {
    const ColumnBlock block{first, std::min(first + kColumnsPerBlock, columns)};
    std::array<Lane, kColumnsPerBlock> errors;
    for (std::int64_t j = first; j < block.last; ++j) {
      const Lane& scale = scales_[problem_->slots[j]];
      const float* row = factor + j * columns;
      Lane& error = errors[j - first];
      codes_[j] = codes_of(work[j], problem_->slots[j]);
      for (std::int64_t r = 0; r < kRowsPerBlock; ++r) {
        error[r] = (work[j][r] - codes_[j][r] * scale[r]) / row[j];
        sums[r] += static_cast<double>(error[r]) * error[r];
      }
      for (std::int64_t k = j + 1; k < block.last; ++k)
        for (std::int64_t r = 0; r < kRowsPerBlock; ++r) work[k][r] -= row[k] * error[r];
    }
    subtract_errors(factor, columns, block, errors.data(), work.data());
  }
  return sums;
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

void RowBlock::refine() {
  const auto lane_of = [](const std::vector<Lane>& lanes, std::int64_t r) {
    std::vector<float> result;
    for (const Lane& lane : lanes) result.push_back(lane[r]);
    return result;
  };
  for (std::int64_t r = 0; r < rows_; ++r) {
    std::vector<float> codes = lane_of(codes_, r), scales = lane_of(scales_, r);
    RowRefinement(*problem_, group_, lane_of(targets_, r)).run(codes, scales, lane_of(zero_points_, r));
    for (std::size_t j = 0; j < codes.size(); ++j) codes_[j][r] = codes[j];
    for (std::size_t s = 0; s < scales.size(); ++s) scales_[s][r] = scales[s];
  }
}

}  // namespace nibble

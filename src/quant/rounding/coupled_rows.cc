// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/coupled_rows.h"

#include <algorithm>

#include "quant/rounding/row_block.h"
#include "quant/rounding/row_grids.h"
#include "quant/rounding/trellis_row.h"

namespace nibble {
namespace {

/// Rows rounded at once, which do not see each other's errors: few of many.
std::int64_t rows_at_once(const RoundingProblem& p) { return std::clamp<std::int64_t>(p.rows / 16, 1, 4); }

class CoupledRows {
 public:
  /// `levels`: of the trellis, or nullptr.
  CoupledRows(const RoundingProblem& problem, ScaleSearch search, const PhaseLevels* levels, const ParallelFor& parallel_for)
      : problem_(problem),
        levels_(levels),
        parallel_for_(parallel_for),
        search_(problem, search),
        trials_(trials_of(problem)),
        errors_(problem.targets.size()) {
    result_.codes.resize(problem.targets.size());
    result_.scales.resize(static_cast<std::size_t>(problem.rows * problem.slot_count));
    result_.zero_points.resize(result_.scales.size());
  }

  RoundedWeights run() {
    const std::int64_t at_once = rows_at_once(problem_);
    for (std::int64_t first = 0; first < problem_.rows; first += at_once) {
      const std::int64_t last = std::min(first + at_once, problem_.rows);
      parallel_for_(last - first, [&](std::int64_t from, std::int64_t to) {
        for (std::int64_t i = first + from; i < first + to; ++i) round(i, first);
      });
    }
    return std::move(result_);
  }

 private:
  /// The row at place i of the order, after the rows at places before `seen`.
  void round(std::int64_t i, std::int64_t seen) {
    const std::int64_t row = problem_.row_order[i];
    const std::vector<float> target = target_of(i, seen);
    if (levels_) {
      store(TrellisRounder(problem_, 0, *levels_).round(target), row, result_);
    } else {
      round_on_grid(row, target);
    }
    keep_error(i, row);
  }

  void round_on_grid(std::int64_t row, const std::vector<float>& target) {
    std::vector<AffineGrid> grids;
    for (std::int32_t slot = 0; slot < problem_.slot_count; ++slot) grids.push_back(search_.best(target.data(), row, 1, slot));
    RowBlock block(problem_, row, target, 1);
    set_grids(block, 0, grids, best_trial(row, target, grids));
    block.round_beam();
    block.refine();
    block.store(result_);
  }

  std::vector<float> target_of(std::int64_t i, std::int64_t seen) const {
    const float* wanted = problem_.targets.data() + problem_.row_order[i] * problem_.columns;
    std::vector<float> target(wanted, wanted + problem_.columns);
    for (std::int64_t j = 0; j < seen; ++j) {
      const float feedback = problem_.row_feedback[i * problem_.rows + j];
      const float* error = errors_.data() + j * problem_.columns;
      for (std::int64_t k = 0; k < problem_.columns; ++k) target[k] -= feedback * error[k];
    }
    return target;
  }

  /// A block's lanes are as many attempts at the row. Blocks are shared among threads where one row is rounded at once.
  Trial best_trial(std::int64_t row, const std::vector<float>& target, const std::vector<AffineGrid>& grids) const {
    std::vector<double> errors(trials_.size());
    const auto count = static_cast<std::int64_t>(trials_.size());
    parallel_for_((count + kLanes - 1) / kLanes, [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t first = from * kLanes; first < std::min(to * kLanes, count); first += kLanes) {
        const std::int64_t lanes = std::min(kLanes, count - first);
        RowBlock block(problem_, row, target, lanes);
        for (std::int64_t lane = 0; lane < lanes; ++lane) set_grids(block, lane, grids, trials_[first + lane]);
        const RowBlock::Sums sums = has_short_rows(problem_) ? block.round_beam() : block.round_gptq();
        std::copy_n(sums.begin(), lanes, errors.begin() + first);
      }
    });
    return trials_[std::min_element(errors.begin(), errors.end()) - errors.begin()];
  }

  void set_grids(RowBlock& block, std::int64_t lane, const std::vector<AffineGrid>& grids, const Trial& trial) const {
    for (std::int32_t slot = 0; slot < problem_.slot_count; ++slot) block.set_grid(slot, lane, moved(grids[slot], trial, problem_.spec));
  }

  void keep_error(std::int64_t i, std::int64_t row) {
    float* error = errors_.data() + i * problem_.columns;
    for (std::int64_t k = 0; k < problem_.columns; ++k) error[k] = error_of(problem_, result_, row, k);
  }

  const RoundingProblem& problem_;
  const PhaseLevels* levels_;
  const ParallelFor& parallel_for_;
  const GridSearch search_;
  const std::vector<Trial> trials_;
  std::vector<float> errors_;  // [rows, columns], in the order of rounding
  RoundedWeights result_;
};

}  // namespace

RoundedWeights round_coupled(const RoundingProblem& problem, ScaleSearch search, const ParallelFor& parallel_for) {
  return CoupledRows(problem, search, nullptr, parallel_for).run();
}

RoundedWeights round_coupled(const RoundingProblem& problem, const PhaseLevels& levels, const ParallelFor& parallel_for) {
  return CoupledRows(problem, ScaleSearch::max, &levels, parallel_for).run();
}

}  // namespace nibble

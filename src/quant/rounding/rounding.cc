// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/rounding.h"

#include <algorithm>

#include "quant/rounding/add_scaled.h"
#include "quant/rounding/coupled_rows.h"
#include "quant/rounding/row_block.h"
#include "quant/rounding/row_grids.h"
#include "quant/rounding/trellis_row.h"

namespace nibble {
namespace {

std::int64_t total_rows(const RoundingProblem& p) { return p.groups * p.rows; }

/// [groups * rows, slot_count].
std::vector<AffineGrid> initial_grids(const RoundingProblem& p, ScaleSearch search, const ParallelFor& parallel_for) {
  const GridSearch grid_search(p, search);
  std::vector<AffineGrid> grids(static_cast<std::size_t>(total_rows(p) * p.slot_count));
  if (p.shared_scale) {
    std::fill(grids.begin(), grids.end(), grid_search.best(p.targets.data(), 0, total_rows(p), 0));
    return grids;
  }
  parallel_for(total_rows(p), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row)
      for (std::int32_t slot = 0; slot < p.slot_count; ++slot)
        grids[row * p.slot_count + slot] = grid_search.best(p.targets.data() + row * p.columns, row, 1, slot);
  });
  return grids;
}

/// The rows of all groups in blocks, each row on its own but for the scale that all may share.
class Layer {
 public:
  Layer(const RoundingProblem& problem, const ParallelFor& parallel_for) : problem_(problem), parallel_for_(parallel_for) {
    for (std::int64_t group = 0; group < problem.groups; ++group)
      for (std::int64_t first = 0; first < problem.rows; first += kRowsPerBlock) blocks_.emplace_back(problem, group, first);
  }

  void set_grids(const std::vector<AffineGrid>& grids, const Trial& trial = {}) {
    for (RowBlock& block : blocks_)
      for (std::int64_t r = 0; r < block.rows(); ++r)
        for (std::int32_t slot = 0; slot < problem_.slot_count; ++slot)
          block.set_grid(slot, r, moved(grids[block.global_row(r) * problem_.slot_count + slot], trial, problem_.spec));
  }

  void round_nearest() {
    for_each([](RowBlock& block, RowBlock::Sums&) { block.round_nearest(); });
  }

  /// At each trial's grids; keeps the best trial of each row (of the layer when the scale is shared), then searches wider there.
  void round_gptq(const std::vector<AffineGrid>& grids) {
    std::vector<RowBlock::Sums> best;
    for (const Trial& trial : trials_of(problem_)) {
      Layer candidate(problem_, parallel_for_);
      candidate.set_grids(grids, trial);
      const std::vector<RowBlock::Sums> errors = candidate.for_each(
          [&](RowBlock& block, RowBlock::Sums& sums) { sums = has_short_rows(problem_) ? block.round_beam() : block.round_gptq(); });
      keep_better(candidate, errors, best);
    }
    for_each([](RowBlock& block, RowBlock::Sums&) { block.round_beam(); });
  }

  /// Scales and codes in turn; a shared scale stays.
  void refine() {
    for_each([](RowBlock& block, RowBlock::Sums&) { block.refine(); });
  }

  RoundedWeights result() const {
    RoundedWeights weights;
    weights.codes.resize(problem_.targets.size());
    weights.scales.resize(static_cast<std::size_t>(total_rows(problem_) * problem_.slot_count));
    weights.zero_points.resize(weights.scales.size());
    for (const RowBlock& block : blocks_) block.store(weights);
    return weights;
  }

 private:
  std::vector<RowBlock::Sums> for_each(const std::function<void(RowBlock&, RowBlock::Sums&)>& body) {
    std::vector<RowBlock::Sums> sums(blocks_.size(), RowBlock::Sums{});
    parallel_for_(static_cast<std::int64_t>(blocks_.size()), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) body(blocks_[i], sums[i]);
    });
    return sums;
  }

  /// `best`: errors of the rows as they are; empty before the first trial.
  void keep_better(const Layer& candidate, const std::vector<RowBlock::Sums>& errors, std::vector<RowBlock::Sums>& best) {
    const bool is_first = best.empty();
    if (is_first) best = errors;
    const bool all = is_first || (problem_.shared_scale && total(errors) < total(best));
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      for (std::int64_t r = 0; r < blocks_[i].rows(); ++r) {
        if (!(all || (!problem_.shared_scale && errors[i][r] < best[i][r]))) continue;
        blocks_[i].copy_row(candidate.blocks_[i], r);
        best[i][r] = errors[i][r];
      }
  }

  double total(const std::vector<RowBlock::Sums>& sums) const {
    double result = 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      for (std::int64_t r = 0; r < blocks_[i].rows(); ++r) result += sums[i][r];
    return result;
  }

  const RoundingProblem& problem_;
  const ParallelFor& parallel_for_;
  std::vector<RowBlock> blocks_;
};

RoundedWeights round_alone(const RoundingProblem& problem, Rounding rounding, ScaleSearch search, const ParallelFor& parallel_for) {
  const std::vector<AffineGrid> grids = initial_grids(problem, search, parallel_for);
  Layer layer(problem, parallel_for);
  if (rounding == Rounding::gptq) {
    layer.round_gptq(grids);
    layer.refine();
  } else {
    layer.set_grids(grids);
    layer.round_nearest();
  }
  return layer.result();
}

RoundedWeights round_along_trellis(const RoundingProblem& problem, const ParallelFor& parallel_for) {
  TrellisCode code = problem.spec.trellis;
  code.curve = best_trellis_curve(problem, parallel_for);
  const PhaseLevels levels(code);
  RoundedWeights rounded;
  if (!problem.row_feedback.empty()) {
    rounded = round_coupled(problem, levels, parallel_for);
  } else {
    rounded.codes.resize(problem.targets.size());
    rounded.scales.resize(static_cast<std::size_t>(total_rows(problem)));
    rounded.zero_points.resize(rounded.scales.size());
    parallel_for(total_rows(problem), [&](std::int64_t first, std::int64_t last) {
      for (std::int64_t row = first; row < last; ++row) {
        const float* target = problem.targets.data() + row * problem.columns;
        store(TrellisRounder(problem, row / problem.rows, levels).round({target, target + problem.columns}), row, rounded);
      }
    });
  }
  rounded.trellis_curve = code.curve;
  return rounded;
}

/// x H x^T of a symmetric H, for each x. Its rows are read once for all.
std::vector<double> quadratics(const float* hessian, const std::vector<std::vector<float>>& xs) {
  const auto columns = static_cast<std::int64_t>(xs.front().size());
  std::vector<std::vector<float>> products(xs.size(), std::vector<float>(xs.front().size()));
  for (std::int64_t i = 0; i < columns; i += kRowsOfAPass)
    for (std::size_t n = 0; n < xs.size(); ++n)
      add_scaled_rows(products[n], hessian + i * columns, xs[n].data() + i, std::min(kRowsOfAPass, columns - i));
  std::vector<double> sums(xs.size());
  for (std::size_t n = 0; n < xs.size(); ++n)
    for (std::int64_t i = 0; i < columns; ++i) sums[n] += static_cast<double>(products[n][i]) * xs[n][i];
  return sums;
}

void measure(const RoundingProblem& p, const ParallelFor& parallel_for, RoundedWeights& rounded) {
  constexpr std::int64_t kAtOnce = 4;
  std::vector<double> errors(static_cast<std::size_t>(total_rows(p))), signals(errors.size());
  parallel_for(total_rows(p), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t end; first < last; first = end) {
      const std::int64_t group = first / p.rows;
      end = std::min({first + kAtOnce, last, (group + 1) * p.rows});
      std::vector<std::vector<float>> xs;  // the error of each row, and its target
      for (std::int64_t row = first; row < end; ++row) {
        std::vector<float>& error = xs.emplace_back();
        for (std::int64_t j = 0; j < p.columns; ++j) error.push_back(error_of(p, rounded, row, j));
        xs.emplace_back(p.targets.begin() + row * p.columns, p.targets.begin() + (row + 1) * p.columns);
      }
      const std::vector<double> found = quadratics(p.hessian.data() + group * p.columns * p.columns, xs);
      for (std::int64_t row = first; row < end; ++row) {
        errors[row] = found[2 * (row - first)];
        signals[row] = found[2 * (row - first) + 1];
      }
    }
  });
  for (const double error : errors) rounded.error += error;
  for (const double signal : signals) rounded.signal += signal;
}

}  // namespace

float error_of(const RoundingProblem& problem, const RoundedWeights& rounded, std::int64_t row, std::int64_t column) {
  const std::int64_t slot = row * problem.slot_count + problem.slots[column], i = row * problem.columns + column;
  return static_cast<float>(rounded.codes[i] - rounded.zero_points[slot]) * rounded.scales[slot] - problem.targets[i];
}

RoundedWeights round_weights(const RoundingProblem& problem, Rounding rounding, ScaleSearch search, const ParallelFor& parallel_for) {
  const bool coupled = !problem.row_feedback.empty() && rounding == Rounding::gptq;
  RoundedWeights rounded = problem.spec.trellis ? round_along_trellis(problem, parallel_for)
                           : coupled            ? round_coupled(problem, search, parallel_for)
                                                : round_alone(problem, rounding, search, parallel_for);
  measure(problem, parallel_for, rounded);
  return rounded;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quant/affine_grid.h"
#include "quant/row_block.h"

namespace nibble {
namespace {

constexpr int kGridSteps = 40;  // first search: max |w| / max_code times 1, 1 - 1/50, ...
constexpr double kGridStep = 0.02;
constexpr int kEndSteps = 12;  // with a zero point: each end of the weights times 1.1, 1.05, ...
constexpr double kWidestEnd = 1.1, kEndStep = 0.05;
constexpr std::array<float, 11> kScaleFactors{1.0F,  0.96F, 0.92F, 0.88F, 0.84F, 0.8F,
                                              1.04F, 1.08F, 1.12F, 1.16F, 1.2F};  // of that, judged by GPTQ's error
constexpr int kRefineRounds = 4;
constexpr int kDescentSweeps = 3;

std::int64_t total_rows(const RoundingProblem& p) { return p.groups * p.rows; }

using Columns = std::vector<std::int64_t>;

std::vector<Columns> columns_by_slot(const RoundingProblem& p) {
  std::vector<Columns> result(static_cast<std::size_t>(p.slot_count));
  for (std::int64_t j = 0; j < p.columns; ++j) result[p.slots[j]].push_back(j);
  return result;
}

/// Error of nearest rounding of some columns of a row, weights on the diagonal.
double columns_error(const RoundingProblem& p, std::int64_t row, const Columns& columns, const AffineGrid& grid,
                     const std::vector<float>& importance) {
  const float* w = p.targets.data() + row * p.columns;
  const float* weight = importance.data() + row / p.rows * p.columns;
  const auto low = static_cast<float>(p.spec.min_code() - grid.zero_point), high = static_cast<float>(p.spec.max_code() - grid.zero_point);
  double error = 0;
  for (const std::int64_t j : columns) {
    const float difference = std::clamp(std::nearbyint(w[j] / grid.scale), low, high) * grid.scale - w[j];
    error += static_cast<double>(weight[j]) * difference * difference;
  }
  return error;
}

/// Ends of the weights of some columns; they span 0.
struct Ends {
  double low = 0, high = 0;
};
Ends ends_of(const RoundingProblem& p, std::int64_t first, std::int64_t last, const Columns& columns) {
  Ends ends;
  for (std::int64_t row = first; row < last; ++row)
    for (const std::int64_t j : columns) {
      const double weight = p.targets[row * p.columns + j];
      ends = {std::min(ends.low, weight), std::max(ends.high, weight)};
    }
  return ends;
}

/// Diagonal of the Hessian, or ones.
std::vector<float> importance_of(const RoundingProblem& p, ScaleSearch search) {
  std::vector<float> result(static_cast<std::size_t>(p.groups * p.columns), 1.0F);
  if (search != ScaleSearch::output_mse) return result;
  for (std::int64_t i = 0; i < p.groups * p.columns; ++i) result[i] = p.hessian[i * p.columns + i % p.columns];
  return result;
}

std::vector<AffineGrid> symmetric_grids(const RoundingProblem& p, const Ends& ends) {
  std::vector<AffineGrid> grids;
  const double widest = std::max(ends.high, -ends.low) / p.spec.max_code();
  for (int step = 0; step < kGridSteps; ++step) grids.push_back({positive_scale(widest * (1 - kGridStep * step)), 0});
  return grids;
}

/// Both ends cut or stretched, each on its own.
std::vector<AffineGrid> asymmetric_grids(const RoundingProblem& p, const Ends& ends) {
  std::vector<AffineGrid> grids;
  for (int i = 0; i < kEndSteps; ++i)
    for (int j = 0; j < kEndSteps; ++j)
      grids.push_back(affine_grid(ends.low * (kWidestEnd - kEndStep * i), ends.high * (kWidestEnd - kEndStep * j), p.spec));
  return grids;
}

/// Best of the grids for the rows [first, last) taken together.
AffineGrid search_grid(const RoundingProblem& p, std::int64_t first, std::int64_t last, const Columns& columns, ScaleSearch search,
                       const std::vector<float>& importance) {
  const Ends ends = ends_of(p, first, last, columns);
  if (search == ScaleSearch::max && !p.symmetric) return affine_grid(ends.low, ends.high, p.spec);
  std::vector<AffineGrid> grids = symmetric_grids(p, ends);
  AffineGrid best = grids.front();
  if (search == ScaleSearch::max || ends.low == ends.high) return best;
  if (!p.symmetric) {
    const auto more = asymmetric_grids(p, ends);
    grids.insert(grids.end(), more.begin(), more.end());
  }
  double best_error = std::numeric_limits<double>::infinity();
  for (const AffineGrid& grid : grids) {
    double error = 0;
    for (std::int64_t row = first; row < last; ++row) error += columns_error(p, row, columns, grid, importance);
    if (error < best_error) best_error = error, best = grid;
  }
  return best;
}

std::vector<AffineGrid> initial_grids(const RoundingProblem& p, ScaleSearch search, const ParallelFor& parallel_for) {
  const std::vector<float> importance = importance_of(p, search);
  const std::vector<Columns> columns = columns_by_slot(p);
  std::vector<AffineGrid> grids(static_cast<std::size_t>(total_rows(p) * p.slot_count));
  if (p.shared_scale) {
    std::fill(grids.begin(), grids.end(), search_grid(p, 0, total_rows(p), columns.front(), search, importance));
    return grids;
  }
  parallel_for(total_rows(p), [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row)
      for (std::int32_t slot = 0; slot < p.slot_count; ++slot)
        grids[row * p.slot_count + slot] = search_grid(p, row, row + 1, columns[slot], search, importance);
  });
  return grids;
}

/// The rows of all groups in blocks; what is decided row by row or, with a shared scale, for all rows at once.
class Layer {
 public:
  Layer(const RoundingProblem& problem, const ParallelFor& parallel_for) : problem_(problem), parallel_for_(parallel_for) {
    for (std::int64_t group = 0; group < problem.groups; ++group)
      for (std::int64_t first = 0; first < problem.rows; first += kRowsPerBlock) blocks_.emplace_back(problem, group, first);
  }

  void set_grids(const std::vector<AffineGrid>& grids, float scale_factor = 1) {
    for (RowBlock& block : blocks_)
      for (std::int64_t r = 0; r < block.rows(); ++r)
        for (std::int32_t slot = 0; slot < problem_.slot_count; ++slot) {
          const AffineGrid& grid = grids[block.global_row(r) * problem_.slot_count + slot];
          block.scale(slot, r) = grid.scale * scale_factor;
          block.zero_point(slot, r) = grid.zero_point;
        }
  }

  void round_nearest() {
    for_each([](RowBlock& block, RowBlock::Sums&) { block.round_nearest(); });
  }

  /// GPTQ at each scale factor; keeps the best factor of each row (of the layer when the scale is shared).
  void round_gptq(const std::vector<AffineGrid>& grids) {
    std::vector<RowBlock::Sums> best(blocks_.size());
    for (const float factor : kScaleFactors) {
      Layer candidate(problem_, parallel_for_);
      candidate.set_grids(grids, factor);
      const std::vector<RowBlock::Sums> errors =
          candidate.for_each([](RowBlock& block, RowBlock::Sums& sums) { sums = block.round_gptq(); });
      const bool first = factor == kScaleFactors.front();
      const bool all = problem_.shared_scale && total(errors) < total(best);
      for (std::size_t i = 0; i < blocks_.size(); ++i)
        for (std::int64_t r = 0; r < blocks_[i].rows(); ++r) {
          if (!(first || (problem_.shared_scale ? all : errors[i][r] < best[i][r]))) continue;
          blocks_[i].copy_row(candidate.blocks_[i], r);
          best[i][r] = errors[i][r];
        }
    }
  }

  void round_beam() {
    for_each([](RowBlock& block, RowBlock::Sums&) { block.round_beam(); });
  }

  /// Scales and codes in turn, each the best given the other.
  void refine() {
    for (int round = 0; round < kRefineRounds; ++round) {
      for_each([](RowBlock& block, RowBlock::Sums&) { block.begin_refinement(); });
      for (std::int32_t slot = 0; slot < problem_.slot_count; ++slot) refit_scales(slot);
      for_each([](RowBlock& block, RowBlock::Sums&) {
        for (int sweep = 0; sweep < kDescentSweeps; ++sweep)
          if (block.descend() == 0) break;
      });
    }
  }

  RoundedWeights result() {
    RoundedWeights weights;
    weights.codes.resize(problem_.targets.size());
    weights.scales.resize(static_cast<std::size_t>(total_rows(problem_) * problem_.slot_count));
    weights.zero_points.resize(weights.scales.size());
    weights.error = total(for_each([](RowBlock& block, RowBlock::Sums& sums) {
      block.begin_refinement();
      sums = block.errors();
    }));
    weights.signal = total(for_each([](RowBlock& block, RowBlock::Sums& sums) { sums[0] = block.signal(); }));
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

  double total(const std::vector<RowBlock::Sums>& sums) const {
    double result = 0;
    for (std::size_t i = 0; i < blocks_.size(); ++i)
      for (std::int64_t r = 0; r < blocks_[i].rows(); ++r) result += sums[i][r];
    return result;
  }

  /// d = -first / second, where the scale stays positive and some code is not zero.
  void refit_scales(std::int32_t slot) {
    std::vector<RowBlock::Sums> second(blocks_.size());
    std::vector<RowBlock::Sums> first = for_each([&](RowBlock& block, RowBlock::Sums& sums) {
      const RowBlock::Curvature curvature = block.scale_curvature(slot);
      sums = curvature.first;
      second[&block - blocks_.data()] = curvature.second;
    });
    const double first_of_all = problem_.shared_scale ? total(first) : 0;
    const double second_of_all = problem_.shared_scale ? total(second) : 0;
    for_each([&](RowBlock& block, RowBlock::Sums&) {
      const auto i = static_cast<std::size_t>(&block - blocks_.data());
      RowBlock::Lane difference{};
      for (std::int64_t r = 0; r < block.rows(); ++r) {
        const double slope = problem_.shared_scale ? first_of_all : first[i][r];
        const double curve = problem_.shared_scale ? second_of_all : second[i][r];
        const double moved = curve > 0 ? block.scale(slot, r) - slope / curve : 0;
        if (moved > 0) difference[r] = positive_scale(moved) - block.scale(slot, r);
      }
      block.rescale(slot, difference);
    });
  }

  const RoundingProblem& problem_;
  const ParallelFor& parallel_for_;
  std::vector<RowBlock> blocks_;
};

}  // namespace

RoundedWeights round_weights(const RoundingProblem& problem, Rounding rounding, ScaleSearch search, const ParallelFor& parallel_for) {
  const std::vector<AffineGrid> grids = initial_grids(problem, search, parallel_for);
  Layer layer(problem, parallel_for);
  if (rounding == Rounding::gptq) {
    layer.round_gptq(grids);
    layer.round_beam();
    layer.refine();
  } else {
    layer.set_grids(grids);
    layer.round_nearest();
  }
  return layer.result();
}

}  // namespace nibble

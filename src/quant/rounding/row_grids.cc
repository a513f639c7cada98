// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/row_grids.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/vector_clones.h"

namespace nibble {
namespace {

constexpr int kGridSteps = 40;  // first search: max |w| / max_code times 1, 1 - 1/50, ...
constexpr double kGridStep = 0.02;
constexpr int kEndSteps = 12;  // with a zero point: each end of the weights times 1.1, 1.05, ...
constexpr double kWidestEnd = 1.1, kEndStep = 0.05;

constexpr std::int64_t kShortRow = 64;  // columns
/// Scales times 1 + step * i, zero points moved by whole codes.
struct Neighbourhood {
  int steps;  ///< to either side
  float step;
  int shifts;  ///< to either side
};
constexpr Neighbourhood kAroundLongRows{5, 0.04F, 0};
constexpr Neighbourhood kAroundShortRows{10, 0.02F, 1};

/// Ends of the weights of some columns; they span 0.
struct Ends {
  double low = 0, high = 0;
};
Ends ends_of(const RoundingProblem& p, const float* rows, std::int64_t count, const Columns& columns) {
  Ends ends;
  for (std::int64_t row = 0; row < count; ++row)
    for (const std::int64_t j : columns) {
      const double weight = rows[row * p.columns + j];
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

std::vector<Columns> columns_by_slot(const RoundingProblem& p) {
  std::vector<Columns> result(static_cast<std::size_t>(p.slot_count));
  for (std::int64_t j = 0; j < p.columns; ++j) result[p.slots[j]].push_back(j);
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

}  // namespace

GridSearch::GridSearch(const RoundingProblem& problem, ScaleSearch search)
    : problem_(problem), search_(search), columns_(columns_by_slot(problem)), importance_(importance_of(problem, search)) {}

/// Of nearest rounding.
NIBBLE_VECTOR_CLONES double GridSearch::error(const float* row, std::int64_t index, const Columns& columns, const AffineGrid& grid) const {
  const float* weight = importance_.data() + index / problem_.rows * problem_.columns;
  const auto low = static_cast<float>(problem_.spec.min_code() - grid.zero_point),
             high = static_cast<float>(problem_.spec.max_code() - grid.zero_point);
  double error = 0;
  for (const std::int64_t j : columns) {
    const float difference = std::clamp(std::nearbyint(row[j] / grid.scale), low, high) * grid.scale - row[j];
    error += static_cast<double>(weight[j]) * difference * difference;
  }
  return error;
}

AffineGrid GridSearch::best(const float* rows, std::int64_t first_row, std::int64_t count, std::int32_t slot) const {
  const Columns& columns = columns_[slot];
  const Ends ends = ends_of(problem_, rows, count, columns);
  if (search_ == ScaleSearch::max && !problem_.symmetric) return affine_grid(ends.low, ends.high, problem_.spec);
  std::vector<AffineGrid> grids = symmetric_grids(problem_, ends);
  AffineGrid best = grids.front();
  if (search_ == ScaleSearch::max || ends.low == ends.high) return best;
  if (!problem_.symmetric) {
    const auto more = asymmetric_grids(problem_, ends);
    grids.insert(grids.end(), more.begin(), more.end());
  }
  double best_error = std::numeric_limits<double>::infinity();
  for (const AffineGrid& grid : grids) {
    double sum = 0;
    for (std::int64_t row = 0; row < count; ++row) sum += error(rows + row * problem_.columns, first_row + row, columns, grid);
    if (sum < best_error) best_error = sum, best = grid;
  }
  return best;
}

AffineGrid moved(const AffineGrid& grid, const Trial& trial, const QuantSpec& spec) {
  const int zero_point = std::clamp(grid.zero_point + trial.zero_point_shift, spec.min_code(), spec.max_code());
  return {grid.scale * trial.scale_factor, static_cast<std::int8_t>(zero_point)};
}

bool has_short_rows(const RoundingProblem& problem) { return problem.columns <= kShortRow; }

std::vector<Trial> trials_of(const RoundingProblem& problem) {
  const Neighbourhood& around = has_short_rows(problem) ? kAroundShortRows : kAroundLongRows;
  const int shifts = problem.symmetric ? 0 : around.shifts;
  std::vector<Trial> trials{{}};
  if (problem.spec.bits >= 8) return trials;  // a quarter of a percent of the range is near enough
  for (int shift = -shifts; shift <= shifts; ++shift)
    for (int step = -around.steps; step <= around.steps; ++step)
      if (shift != 0 || step != 0) trials.push_back({1 + around.step * static_cast<float>(step), shift});
  return trials;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/trellis_row.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "quant/rounding/add_scaled.h"
#include "quant/rounding/affine_grid.h"
#include "quant/rounding/row_grids.h"

namespace nibble {
namespace {

/// Scales that are tried: from the one that puts the largest weight on the largest level down to nearly half of it.
constexpr float kWidest = 1.0F, kNarrowest = 0.4F;
constexpr int kShortRowRounds = 4;  // of kScalesAtOnce scales each; long rows have one
constexpr int kRefits = 2;
constexpr std::int64_t kSampledRows = 12;

double dot(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

}  // namespace

TrellisRounder::TrellisRounder(const RoundingProblem& problem, std::int64_t group, const PhaseLevels& levels)
    : problem_(problem),
      hessian_(problem.hessian.data() + group * problem.columns * problem.columns),
      levels_(levels),
      beam_(problem.inverse_factor.data() + group * problem.columns * problem.columns, problem.columns) {}

TrellisRow TrellisRounder::at_scale(const std::vector<float>& target, float scale) {
  const std::vector<float>& codes = beam_.round(target, levels_, scale);
  return {codes, scale, beam_.error()};
}

TrellisRounder::Estimate TrellisRounder::best_scale(const std::vector<float>& target) {
  const float largest_level = levels_.phase(kTrellisPhases - 1).levels[levels_.count() - 1];
  float largest = 0;
  for (const float weight : target) largest = std::max(largest, std::abs(weight));
  Estimate best{1, std::numeric_limits<double>::infinity()};
  const int rounds = has_short_rows(problem_) ? kShortRowRounds : 1;
  for (int round = 0; round < rounds; ++round) {
    std::array<float, kScalesAtOnce> scales;
    for (int i = 0; i < kScalesAtOnce; ++i) {
      const auto part = static_cast<float>(round * kScalesAtOnce + i) / static_cast<float>(rounds * kScalesAtOnce);
      scales[i] = positive_scale((kWidest - (kWidest - kNarrowest) * part) * largest / largest_level);
    }
    const auto errors = beam_.errors_at(target, levels_, scales);
    for (int i = 0; i < kScalesAtOnce; ++i)
      if (errors[i] < best.error) best = {scales[i], errors[i]};
  }
  return best;
}

TrellisRow TrellisRounder::round(const std::vector<float>& target) {
  TrellisRow best = at_scale(target, best_scale(target).scale);
  for (int i = 0; i < kRefits && refit(target, best); ++i) {
    TrellisRow row = at_scale(target, best.scale);
    if (!(row.error < best.error)) break;
    best = std::move(row);
  }
  return best;
}

/// e is quadratic in the scale: least at (w* H c^T) / (c H c^T). Whether it fell.
bool TrellisRounder::refit(const std::vector<float>& target, TrellisRow& row) const {
  std::vector<float> products(target.size());  // H c^T
  add_scaled_rows(products, hessian_, row.codes.data(), problem_.columns);
  const double wanted = dot(target, products), power = dot(row.codes, products);
  if (!(wanted > 0 && power > 0)) return false;
  const float scale = positive_scale(wanted / power);
  const double before = power * row.scale * row.scale - 2 * wanted * row.scale, after = power * scale * scale - 2 * wanted * scale;
  if (!(after < before)) return false;
  row.error += after - before;
  row.scale = scale;
  return true;
}

void store(const TrellisRow& row, std::int64_t index, RoundedWeights& result) {
  const auto columns = static_cast<std::int64_t>(row.codes.size());
  for (std::int64_t j = 0; j < columns; ++j) result.codes[index * columns + j] = static_cast<std::int8_t>(row.codes[j]);
  result.scales[index] = row.scale;
  result.zero_points[index] = 0;
}

int best_trellis_curve(const RoundingProblem& problem, const ParallelFor& parallel_for) {
  const std::int64_t rows = problem.groups * problem.rows, sampled = std::min(rows, kSampledRows);
  const std::int64_t curves = trellis_curves(problem.spec.trellis);
  std::vector<double> errors(static_cast<std::size_t>(curves * sampled));
  parallel_for(curves * sampled, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      TrellisCode code = problem.spec.trellis;
      code.curve = static_cast<int>(i / sampled);
      const PhaseLevels levels(code);
      const std::int64_t row = i % sampled * rows / sampled;
      const float* target = problem.targets.data() + row * problem.columns;
      errors[i] = TrellisRounder(problem, row / problem.rows, levels).best_scale({target, target + problem.columns}).error;
    }
  });
  std::vector<double> sums;
  for (std::int64_t curve = 0; curve < curves; ++curve) {
    double sum = 0;
    for (std::int64_t i = 0; i < sampled; ++i) sum += errors[curve * sampled + i];
    sums.push_back(sum);
  }
  return static_cast<int>(std::min_element(sums.begin(), sums.end()) - sums.begin());
}

}  // namespace nibble

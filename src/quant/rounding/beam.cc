// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/beam.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/vector_clones.h"

namespace nibble {
namespace {

/// Gives each candidate what its parent has.
template <class Numbers>
inline void inherit(Numbers& numbers, const Parents& parents) {
#if defined(__GNUC__) && !defined(__clang__)  // compilers do not see by themselves that this permutes two registers
  constexpr std::size_t kHalf = kBeamWidth / 2;
  using Half [[gnu::vector_size(kHalf * sizeof(numbers[0])), gnu::may_alias]] = typename Numbers::value_type;
  using Places [[gnu::vector_size(kHalf * sizeof(int)), gnu::may_alias]] = int;
  auto* const halves = reinterpret_cast<Half*>(numbers.data());
  const auto* const from = reinterpret_cast<const Places*>(parents.data());
  const Half low = halves[0], high = halves[1];
  halves[0] = __builtin_shuffle(low, high, from[0]);
  halves[1] = __builtin_shuffle(low, high, from[1]);
#else
  const Numbers before = numbers;
  for (int b = 0; b < kBeamWidth; ++b) numbers[b] = before[parents[b]];
#endif
}

/// The places of `costs`, each `count` of them sorted on their own; of equal costs the first comes first. The order is found by counting
/// what comes before each, which is cheaper than sorting, since nothing branches.
inline std::array<int, kChoices> order_of(const std::array<double, kChoices>& costs, int count) {
  constexpr int kAtOnce = 4;
  using Costs [[gnu::vector_size(kAtOnce * sizeof(double))]] = double;
  using Counts [[gnu::vector_size(kAtOnce * sizeof(std::int64_t))]] = std::int64_t;
  constexpr Counts kLane{0, 1, 2, 3};
  std::array<int, kChoices> order;
  for (int first = 0; first < kChoices; first += count)
    for (int i = first; i < first + count; i += kAtOnce) {
      const Costs cost{costs[i], costs[i + 1], costs[i + 2], costs[i + 3]};
      Counts before{};  // a comparison that holds is -1
      for (int j = first; j < i; ++j) before -= costs[j] <= cost;
      for (int j = i; j < i + kAtOnce; ++j) before -= (costs[j] < cost) | ((costs[j] == cost) & (j - i < kLane));
      for (int j = i + kAtOnce; j < first + count; ++j) before -= costs[j] < cost;
      for (int lane = 0; lane < kAtOnce; ++lane) order[first + static_cast<int>(before[lane])] = i + lane;
    }
  return order;
}

}  // namespace

BeamSearch::BeamSearch(const float* inverse_factor, std::int64_t columns)
    : inverse_factor_(inverse_factor),
      columns_(columns),
      work_(static_cast<std::size_t>(columns)),
      steps_(static_cast<std::size_t>(columns)),
      codes_(static_cast<std::size_t>(columns)) {}

PhaseLevels::PhaseLevels(const TrellisCode& code) : count_(1 << code.bits) {
  const auto all = trellis_levels(code);
  const auto count = static_cast<std::size_t>(count_);
  for (std::size_t phase = 0; phase < kTrellisPhases; ++phase) {
    auto& [levels, middles] = phases_[phase];
    levels.fill(all[kTrellisPhases * (count - 1) + phase]);
    middles.fill(std::numeric_limits<float>::infinity());
    for (std::size_t i = 0; i < count; ++i) levels[i] = all[kTrellisPhases * i + phase];
    for (std::size_t i = 0; i + 1 < count; ++i) middles[i] = (levels[i] + levels[i + 1]) / 2;
  }
}

/// Beams of `width` candidates, of which the first is there.
void BeamSearch::begin(const std::vector<float>& targets, int width) {
  for (std::int64_t j = 0; j < columns_; ++j) work_[j].fill(targets[j]);
  width_ = width;
  costs_.fill(std::numeric_limits<double>::infinity());
  for (int b = 0; b < kBeamWidth; b += width) costs_[b] = 0;
}

const std::vector<float>& BeamSearch::round(const std::vector<float>& targets, const std::vector<ColumnGrid>& grids) {
  begin(targets, kBeamWidth);
  for (std::int64_t j = 0; j < columns_; ++j) {
    propose(j, grids[j]);
    compensate(j, keep_best(j));
  }
  trace_back();
  return codes_;
}

const std::vector<float>& BeamSearch::round(const std::vector<float>& targets, const PhaseLevels& levels, float scale) {
  begin(targets, kBeamWidth);
  scales_.fill(scale);
  follow_trellis(levels);
  trace_back();
  return codes_;
}

std::array<double, kScalesAtOnce> BeamSearch::errors_at(const std::vector<float>& targets, const PhaseLevels& levels,
                                                        const std::array<float, kScalesAtOnce>& scales) {
  constexpr int kWidth = kBeamWidth / kScalesAtOnce;
  begin(targets, kWidth);
  for (int b = 0; b < kBeamWidth; ++b) scales_[b] = scales[b / kWidth];
  follow_trellis(levels);
  std::array<double, kScalesAtOnce> errors;
  for (std::size_t i = 0; i < kScalesAtOnce; ++i) errors[i] = costs_[i * kWidth];
  return errors;
}

void BeamSearch::follow_trellis(const PhaseLevels& levels) {
  pasts_.fill({});
  for (std::int64_t j = 0; j < columns_; ++j) {
    propose(j, levels);
    const Lane errors = keep_best(j);
    remember_symbols();
    compensate(j, errors);
  }
}

/// The nearest code and the one on the other side of the value.
NIBBLE_VECTOR_CLONES void BeamSearch::propose(std::int64_t column, const ColumnGrid& grid) {
  for (std::size_t b = 0; b < kBeamWidth; ++b) {
    const float value = work_[column][b];
    const float nearest = std::clamp(std::nearbyint(value / grid.scale), grid.low, grid.high);
    const bool upwards = nearest < grid.high && (value > nearest * grid.scale || nearest == grid.low);
    choices_.codes[2 * b] = nearest;
    choices_.codes[2 * b + 1] = upwards ? nearest + 1 : nearest - 1;
  }
  for (int i = 0; i < kChoices; ++i) choices_.values[i] = choices_.codes[i] * grid.scale;
}

/// The two nearest levels of the phase.
NIBBLE_VECTOR_CLONES void BeamSearch::propose(std::int64_t column, const PhaseLevels& levels) {
  for (std::size_t b = 0; b < kBeamWidth; ++b) {
    const Past& past = pasts_[b];
    const auto& phase = levels.phase(trellis_phase(past[0], past[1], past[2]));
    const float value = work_[column][b] / scales_[b];
    int nearest = 0;
    for (const float middle : phase.middles) nearest += value > middle ? 1 : 0;
    const bool upwards = nearest == 0 || (nearest + 1 < levels.count() && value > phase.levels[nearest]);
    const int second = upwards ? nearest + 1 : nearest - 1;
    choices_.codes[2 * b] = phase.levels[nearest], choices_.codes[2 * b + 1] = phase.levels[second];
    choices_.symbols[2 * b] = static_cast<std::uint8_t>(nearest), choices_.symbols[2 * b + 1] = static_cast<std::uint8_t>(second);
  }
  for (int i = 0; i < kChoices; ++i) choices_.values[i] = choices_.codes[i] * scales_[i / 2];
}

/// The best beginnings of each beam that end with this column; returns what each leaves to the columns behind, in units of U_jj.
NIBBLE_VECTOR_CLONES Lane BeamSearch::keep_best(std::int64_t column) {
  std::array<double, kChoices> costs;
  std::array<float, kChoices> errors;
  const float diagonal = inverse_factor_[column * columns_ + column];
  for (int i = 0; i < kChoices; ++i) {
    errors[i] = (work_[column][i / 2] - choices_.values[i]) / diagonal;
    costs[i] = costs_[i / 2] + static_cast<double>(errors[i]) * errors[i];
  }
  const std::array<int, kChoices> order = order_of(costs, 2 * width_);
  Lane left;
  Step& step = steps_[column];
  for (int lane = 0; lane < kBeamWidth; ++lane) {
    const int i = order[lane / width_ * 2 * width_ + lane % width_];
    costs_[lane] = costs[i];
    left[lane] = errors[i];
    step.codes[lane] = choices_.codes[i];
    step.parents[lane] = i / 2;
    chosen_[lane] = i;
  }
  return left;
}

void BeamSearch::remember_symbols() {
  const auto before = pasts_;
  for (int b = 0; b < kBeamWidth; ++b) {
    const Past& past = before[chosen_[b] / 2];
    pasts_[b] = {choices_.symbols[chosen_[b]], past[0], past[1]};
  }
}

/// Each candidate goes on from its parent's work: in the rest of the block at once, behind it when the block ends.
NIBBLE_VECTOR_CLONES void BeamSearch::compensate(std::int64_t column, const Lane& errors) {
  const std::int64_t first = column / kColumnsPerBlock * kColumnsPerBlock;
  const ColumnBlock block{first, std::min(first + kColumnsPerBlock, columns_)};
  if (column == first) std::iota(origins_.begin(), origins_.end(), 0);
  const Parents& parents = steps_[column].parents;
  inherit(origins_, parents);
  for (std::int64_t j = 0; j < column - first; ++j) inherit(errors_[j], parents);
  errors_[column - first] = errors;
  const float* row = inverse_factor_ + column * columns_;
  for (std::int64_t k = column + 1; k < block.last; ++k) {
    inherit(work_[k], parents);
    for (int b = 0; b < kBeamWidth; ++b) work_[k][b] -= row[k] * errors[b];
  }
  if (column + 1 < block.last) return;
  for (std::int64_t k = block.last; k < columns_; ++k) inherit(work_[k], origins_);
  subtract_errors(inverse_factor_, columns_, block, errors_.data(), work_.data());
}

/// Candidates are sorted: the first is the best.
void BeamSearch::trace_back() {
  int candidate = 0;
  for (std::int64_t j = columns_; j-- > 0;) {
    codes_[j] = steps_[j].codes[candidate];
    candidate = steps_[j].parents[candidate];
  }
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/beam.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/vector_clones.h"

namespace nibble {

BeamSearch::BeamSearch(const float* inverse_factor, std::int64_t columns)
    : inverse_factor_(inverse_factor),
      columns_(columns),
      work_(static_cast<std::size_t>(columns)),
      steps_(static_cast<std::size_t>(columns)),
      codes_(static_cast<std::size_t>(columns)) {}

PhaseLevels::PhaseLevels(const TrellisCode& code) : count_(1 << code.bits) {
  const auto all = trellis_levels(code);
  for (int phase = 0; phase < kTrellisPhases; ++phase) {
    auto& [levels, middles] = phases_[static_cast<std::size_t>(phase)];
    levels.fill(all[static_cast<std::size_t>(kTrellisPhases * (count_ - 1) + phase)]);
    middles.fill(std::numeric_limits<float>::infinity());
    for (int i = 0; i < count_; ++i) levels[i] = all[static_cast<std::size_t>(kTrellisPhases * i + phase)];
    for (int i = 0; i + 1 < count_; ++i) middles[i] = (levels[i] + levels[i + 1]) / 2;
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
  for (int i = 0; i < kScalesAtOnce; ++i) errors[i] = costs_[i * kWidth];
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
  for (int b = 0; b < kBeamWidth; ++b) {
    const float value = work_[column][b];
    const float nearest = std::clamp(std::nearbyint(value / grid.scale), grid.low, grid.high);
    const bool upwards = nearest < grid.high && (value > nearest * grid.scale || nearest == grid.low);
    choices_.codes[2 * b] = nearest;
    choices_.codes[2 * b + 1] = upwards ? nearest + 1 : nearest - 1;
  }
  for (int i = 0; i < kMost; ++i) choices_.values[i] = choices_.codes[i] * grid.scale;
}

/// The two nearest levels of the phase.
NIBBLE_VECTOR_CLONES void BeamSearch::propose(std::int64_t column, const PhaseLevels& levels) {
  for (int b = 0; b < kBeamWidth; ++b) {
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
  for (int i = 0; i < kMost; ++i) choices_.values[i] = choices_.codes[i] * scales_[i / 2];
}

/// The best beginnings of each beam that end with this column; returns what each leaves to the columns behind, in units of U_jj.
NIBBLE_VECTOR_CLONES BeamSearch::Lane BeamSearch::keep_best(std::int64_t column) {
  std::array<double, kMost> costs;
  std::array<float, kMost> errors;
  const float diagonal = inverse_factor_[column * columns_ + column];
  for (int i = 0; i < kMost; ++i) {
    errors[i] = (work_[column][i / 2] - choices_.values[i]) / diagonal;
    costs[i] = costs_[i / 2] + static_cast<double>(errors[i]) * errors[i];
  }
  // A place in the order for each, by counting what comes before it: cheaper than sorting, since nothing branches.
  std::array<std::int64_t, kMost> places{};
  const std::int64_t count = 2 * width_;
  for (std::int64_t j = 0; j < kMost; ++j)
    for (std::int64_t first = j / count * count, i = first; i < first + count; ++i)
      places[i] += costs[j] < costs[i] || (costs[j] == costs[i] && j < i) ? 1 : 0;
  Lane left;
  Step& step = steps_[column];
  for (int i = 0; i < kMost; ++i) {
    if (places[i] >= width_) continue;
    const std::int64_t lane = i / count * width_ + places[i];
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

/// Each candidate goes on from its parent's work. Compilers do not see by themselves that this is a permutation of one register.
NIBBLE_VECTOR_CLONES void BeamSearch::compensate(std::int64_t column, const Lane& errors) {
  const float* row = inverse_factor_ + column * columns_;
  const auto& parents = steps_[column].parents;
#if defined(__GNUC__) && !defined(__clang__)
  using Floats [[gnu::vector_size(kBeamWidth * sizeof(float))]] = float;
  using Places [[gnu::vector_size(kBeamWidth * sizeof(int))]] = int;
  Floats left, work;
  Places from;
  std::memcpy(&left, errors.data(), sizeof left);
  std::memcpy(&from, parents.data(), sizeof from);
  for (std::int64_t k = column + 1; k < columns_; ++k) {
    std::memcpy(&work, work_[k].data(), sizeof work);
    const Floats next = __builtin_shuffle(work, from) - row[k] * left;
    std::memcpy(work_[k].data(), &next, sizeof next);
  }
#else
  for (std::int64_t k = column + 1; k < columns_; ++k) {
    Lane next;
    for (int b = 0; b < kBeamWidth; ++b) next[b] = work_[k][parents[b]] - row[k] * errors[b];
    work_[k] = next;
  }
#endif
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

// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/beam.h"

#include <algorithm>
#include <cmath>

#include "base/vector_clones.h"

namespace nibble {

BeamSearch::BeamSearch(const float* inverse_factor, std::int64_t columns)
    : inverse_factor_(inverse_factor),
      columns_(columns),
      work_(static_cast<std::size_t>(columns)),
      steps_(static_cast<std::size_t>(columns)),
      codes_(static_cast<std::size_t>(columns)) {}

const std::vector<float>& BeamSearch::round(const std::vector<float>& targets, const std::vector<ColumnGrid>& grids) {
  for (std::int64_t j = 0; j < columns_; ++j) work_[j].fill(targets[j]);
  candidates_ = 1;
  costs_.fill(0);
  for (std::int64_t j = 0; j < columns_; ++j) compensate(j, choose(j, grids[j]));
  trace_back();
  return codes_;
}

/// The best beginnings that end with this column; returns what each leaves to the columns behind, in units of U_jj.
NIBBLE_VECTOR_CLONES BeamSearch::Lane BeamSearch::choose(std::int64_t column, const ColumnGrid& grid) {
  struct Proposal {
    double cost;
    float error, code;
    int parent;
  };
  std::array<Proposal, std::size_t{2} * kBeamWidth> proposals;
  int count = 0;
  const float diagonal = inverse_factor_[column * columns_ + column];
  for (int b = 0; b < candidates_; ++b) {
    const float value = work_[column][b];
    const float nearest = std::clamp(std::nearbyint(value / grid.scale), grid.low, grid.high);
    const bool upwards = nearest < grid.high && (value > nearest * grid.scale || nearest == grid.low);
    for (const float code : {nearest, upwards ? nearest + 1 : nearest - 1}) {
      const float error = (value - code * grid.scale) / diagonal;
      proposals[count++] = {costs_[b] + static_cast<double>(error) * error, error, code, b};
    }
  }
  candidates_ = std::min(count, kBeamWidth);
  std::partial_sort(proposals.begin(), proposals.begin() + candidates_, proposals.begin() + count,
                    [](const Proposal& a, const Proposal& b) { return a.cost < b.cost; });
  Lane errors{};
  Step& step = steps_[column];
  step.parents.fill(0);
  for (int b = 0; b < candidates_; ++b) {
    costs_[b] = proposals[b].cost;
    errors[b] = proposals[b].error;
    step.codes[b] = proposals[b].code;
    step.parents[b] = proposals[b].parent;
  }
  return errors;
}

NIBBLE_VECTOR_CLONES void BeamSearch::compensate(std::int64_t column, const Lane& errors) {
  const float* row = inverse_factor_ + column * columns_;
  const auto& parents = steps_[column].parents;
  for (std::int64_t k = column + 1; k < columns_; ++k) {
    Lane next;
    for (int b = 0; b < kBeamWidth; ++b) next[b] = work_[k][parents[b]] - row[k] * errors[b];
    work_[k] = next;
  }
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

// SPDX-License-Identifier: Apache-2.0
#include "quant/silu_range.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/index_below.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kBinsPerUnit = 256;
constexpr double kFirst = -16;  ///< SiLU is -2e-6 there: what lies below may as well lie here
constexpr std::size_t kMaxBins = std::size_t{1} << 20;
constexpr int kCodes = 256;
constexpr std::array<float, 15> kLowerEnds = {0, -1, -1.5F, -2, -2.5F, -3, -3.5F, -4, -4.5F, -5, -6, -7, -8, -12, -16};
constexpr int kUpperEnds = 29;
constexpr float kLeastShare = 0.3F;  ///< the smallest upper end, of the largest value

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

std::size_t bin_of(double x) { return index_below((x - kFirst) * kBinsPerUnit, kMaxBins); }

/// What each code of the range becomes behind SiLU.
std::array<double, kCodes> silu_of_codes(double step, double zero) {
  std::array<double, kCodes> table{};
  for (int code = 0; code < kCodes; ++code) {
    const double z = (code - zero) * step;
    table[static_cast<std::size_t>(code)] = z * std::nearbyint(sigmoid(z) * (kCodes - 1)) / (kCodes - 1);
  }
  return table;
}

}  // namespace

void SiluHistogram::add(std::span<const float> values) {
  for (const float value : values) {
    if (!std::isfinite(value))
      throw Error(ErrorKind::numeric, fmt::format("integer form: the output of a convolution holds {}; the model does not compute", value));
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
    const auto bin = bin_of(static_cast<double>(value));
    if (bin >= counts_.size()) counts_.resize(bin + 1, 0);
    ++counts_[bin];
  }
}

std::vector<SiluHistogram::Bin> SiluHistogram::filled_bins() const {
  std::vector<Bin> bins;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] == 0) continue;
    const double x = kFirst + (static_cast<double>(i) + 0.5) / kBinsPerUnit;
    bins.push_back({x, x * sigmoid(x), static_cast<double>(counts_[i])});
  }
  return bins;
}

OutputRange SiluHistogram::best_range() const {
  if (counts_.empty()) throw Error(ErrorKind::internal, "integer form: the range of an output nobody looked at");
  const auto bins = filled_bins();
  OutputRange best;
  double least = std::numeric_limits<double>::infinity();
  for (const float lower : kLowerEnds)
    for (int i = 0; i < kUpperEnds; ++i) {
      const float share = kLeastShare + (1 - kLeastShare) * static_cast<float>(i) / (kUpperEnds - 1);
      const OutputRange range{std::max(lower, low_), high_ * share};
      if (range.low == range.high) continue;
      const double step = static_cast<double>(range.high - range.low) / (kCodes - 1),
                   zero = std::nearbyint(static_cast<double>(-range.low) / step);
      const auto table = silu_of_codes(step, zero);
      double error = 0;
      for (const auto& bin : bins) {
        const double code = std::clamp(std::nearbyint(bin.x / step) + zero, 0.0, kCodes - 1.0);
        const double gap = table[static_cast<std::size_t>(code)] - bin.silu;
        error += bin.weight * gap * gap;
      }
      if (error >= least) continue;
      least = error;
      best = range;
    }
  return best.low == best.high ? OutputRange{0, 1} : best;  // only zeros were seen: any range holds them
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/activation_range.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::size_t kBins = 8192;
constexpr int kClipCandidates = 100;

}  // namespace

void MagnitudeHistogram::widen() {
  for (std::size_t i = 0; i < kBins / 2; ++i) bins_[i] = bins_[2 * i] + bins_[2 * i + 1];
  std::fill(bins_.begin() + kBins / 2, bins_.end(), 0);
  bin_width_ *= 2;
}

void MagnitudeHistogram::add(std::span<const float> values) {
  float largest = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) throw Error(ErrorKind::numeric, "activation range: a value is not finite");
    largest = std::max(largest, std::abs(value));
  }
  if (bins_.empty() && largest > 0) {
    bins_.assign(kBins, 0);
    bin_width_ = 2 * static_cast<double>(largest) / kBins;
    bins_[0] = count_;  // only zeros so far
  }
  count_ += values.size();
  largest_ = std::max(largest_, largest);
  if (bins_.empty()) return;
  while (largest >= bin_width_ * kBins) widen();
  const double per_width = 1 / bin_width_;
  for (const float value : values) ++bins_[std::min(kBins - 1, static_cast<std::size_t>(std::abs(value) * per_width))];
}

double MagnitudeHistogram::percentile(double percent) const {
  const double wanted = percent / 100 * static_cast<double>(count_);
  double below = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    below += static_cast<double>(bins_[i]);
    if (below >= wanted) return std::min(static_cast<double>(largest_), (static_cast<double>(i) + 1) * bin_width_);
  }
  return largest_;
}

double MagnitudeHistogram::rounding_mse(double scale, const QuantSpec& spec) const {
  double error = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] == 0) continue;
    const double value = (static_cast<double>(i) + 0.5) * bin_width_;
    const double code = std::min<double>(std::nearbyint(value / scale), spec.max_code());
    error += static_cast<double>(bins_[i]) * (code * scale - value) * (code * scale - value);
  }
  return count_ == 0 ? 0 : error / static_cast<double>(count_);
}

float choose_scale(const MagnitudeHistogram& histogram, const QuantSpec& spec, const ActivationRecipe& recipe) {
  if (histogram.largest() == 0) return 1.0F;  // nothing but zeros: every scale is exact
  double clip = histogram.largest();
  if (recipe.range == RangeMethod::percentile) clip = std::max(histogram.percentile(recipe.percentile), clip * 1e-6);
  if (recipe.range == RangeMethod::mse) {
    double best = std::numeric_limits<double>::infinity();
    for (int i = kClipCandidates; i > 0; --i) {
      const double candidate = static_cast<double>(histogram.largest()) * i / kClipCandidates;
      const double error = histogram.rounding_mse(candidate / spec.max_code(), spec);
      if (error < best) best = error, clip = candidate;
    }
  }
  return static_cast<float>(clip / spec.max_code());
}

}  // namespace nibble

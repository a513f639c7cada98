// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/activation_range.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "nibble/error.h"
#include "quant/rounding/affine_grid.h"
#include "quant/statistics/value_rows.h"

namespace nibble {
namespace {

constexpr std::size_t kHalf = 8192;  // bins on each side of zero
constexpr int kEndCandidates = 100;
constexpr int kSearchRounds = 2;
constexpr double kLeastRange = 1e-6;  // of the largest magnitude: a percentile may be zero

AffineGrid symmetric_grid(double clip, const QuantSpec& spec) { return {static_cast<float>(clip / spec.max_code()), 0}; }

/// The share of `end`, in hundredths, whose grid rounds best.
template <class MakeGrid>
double best_end(const ValueHistogram& histogram, const QuantSpec& spec, double end, const MakeGrid& make_grid) {
  double best = end, least = std::numeric_limits<double>::infinity();
  for (int i = kEndCandidates; i > 0 && end != 0; --i) {
    const double candidate = end * i / kEndCandidates;
    const AffineGrid grid = make_grid(candidate);
    const double error = histogram.rounding_mse(grid.scale, grid.zero_point, spec);
    if (error < least) least = error, best = candidate;
  }
  return best;
}

AffineGrid choose_symmetric(const ValueHistogram& histogram, const QuantSpec& spec, const ActivationRecipe& recipe) {
  const double largest = std::max(histogram.largest(), -histogram.smallest());
  double clip = largest;
  if (recipe.range == RangeMethod::percentile) clip = std::max(histogram.magnitude_percentile(recipe.percentile), largest * kLeastRange);
  if (recipe.range == RangeMethod::mse) clip = best_end(histogram, spec, largest, [&](double end) { return symmetric_grid(end, spec); });
  return symmetric_grid(clip, spec);
}

AffineGrid choose_asymmetric(const ValueHistogram& histogram, const QuantSpec& spec, const ActivationRecipe& recipe) {
  double low = histogram.smallest(), high = histogram.largest();
  if (recipe.range == RangeMethod::percentile) {
    const double least = std::max(high, -low) * kLeastRange;
    low = std::min(histogram.percentile(100 - recipe.percentile), 0.0);
    high = std::max({histogram.percentile(recipe.percentile), low + least, 0.0});
  }
  if (recipe.range == RangeMethod::mse)
    for (int round = 0; round < kSearchRounds; ++round) {
      high = best_end(histogram, spec, histogram.largest(), [&](double end) { return affine_grid(low, end, spec); });
      low = best_end(histogram, spec, histogram.smallest(), [&](double end) { return affine_grid(end, high, spec); });
    }
  return affine_grid(low, high, spec);
}

}  // namespace

double ValueHistogram::centre(std::size_t bin) const { return (static_cast<double>(bin) - static_cast<double>(kHalf) + 0.5) * bin_width_; }

void ValueHistogram::widen() {
  std::vector<std::uint64_t> wider(2 * kHalf, 0);
  for (std::size_t i = 0; i < 2 * kHalf; ++i) wider[kHalf / 2 + i / 2] += bins_[i];
  bins_ = std::move(wider);
  bin_width_ *= 2;
}

void ValueHistogram::add(std::span<const float> values) {
  const Extent extent = extent_of(values);
  if (!extent.is_finite) throw Error(ErrorKind::numeric, "activation range: a value is not finite");
  smallest_ = std::min(smallest_, extent.smallest);
  largest_ = std::max(largest_, extent.largest);
  const float largest = std::max(largest_, -smallest_);
  if (bins_.empty() && largest > 0) {
    bins_.assign(2 * kHalf, 0);
    bin_width_ = 2 * static_cast<double>(largest) / kHalf;
    bins_[kHalf] = count_;  // only zeros so far
  }
  count_ += values.size();
  if (bins_.empty()) return;
  while (largest >= bin_width_ * kHalf) widen();
  constexpr std::size_t kAtOnce = 2048;
  std::array<std::uint32_t, kAtOnce> indices;
  for (std::size_t first = 0; first < values.size(); first += kAtOnce) {
    const auto some = values.subspan(first, std::min(kAtOnce, values.size() - first));
    bins_of(some, 1 / bin_width_, kHalf, indices.data());
    for (std::size_t i = 0; i < some.size(); ++i) ++bins_[indices[i]];
  }
}

double ValueHistogram::percentile(double percent) const {
  const double wanted = percent / 100 * static_cast<double>(count_);
  double below = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    below += static_cast<double>(bins_[i]);
    if (below >= wanted && below > 0) return std::clamp<double>(centre(i) + bin_width_ / 2, smallest_, largest_);
  }
  return largest_;
}

double ValueHistogram::magnitude_percentile(double percent) const {
  const double largest = std::max(largest_, -smallest_);
  const double wanted = percent / 100 * static_cast<double>(count_);
  double below = 0;
  for (std::size_t i = 0; i < kHalf && !bins_.empty(); ++i) {
    below += static_cast<double>(bins_[kHalf + i] + bins_[kHalf - 1 - i]);
    if (below >= wanted) return std::min(largest, (static_cast<double>(i) + 1) * bin_width_);
  }
  return largest;
}

double ValueHistogram::rounding_mse(double scale, std::int32_t zero_point, const QuantSpec& spec) const {
  const double low = spec.min_code() - zero_point, high = spec.max_code() - zero_point;
  double error = 0;
  for (std::size_t i = 0; i < bins_.size(); ++i) {
    if (bins_[i] == 0) continue;
    const double value = centre(i);
    const double difference = std::clamp(std::nearbyint(value / scale), low, high) * scale - value;
    error += static_cast<double>(bins_[i]) * difference * difference;
  }
  return count_ == 0 ? 0 : error / static_cast<double>(count_);
}

QuantParams choose_range(const ValueHistogram& histogram, const QuantSpec& spec, const ActivationRecipe& recipe) {
  AffineGrid grid{1, 0};  // for nothing but zeros: every scale is exact
  if (histogram.largest() > 0 || histogram.smallest() < 0)
    grid = recipe.symmetric ? choose_symmetric(histogram, spec, recipe) : choose_asymmetric(histogram, spec, recipe);
  return {spec, Tensor::scalar(grid.scale), Tensor::scalar(grid.zero_point)};
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The range of a symmetric activation quantiser from a streaming histogram of |x|.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "graph/quant_params.h"
#include "quant/recipe.h"

namespace nibble {

/// Histogram of magnitudes over [0, limit); limit doubles as larger values come, neighbouring bins are merged then.
class MagnitudeHistogram {
 public:
  /// Error(numeric) on a value that is not finite.
  void add(std::span<const float> values);

  std::uint64_t count() const { return count_; }
  float largest() const { return largest_; }
  /// Smallest magnitude with at least `percent` of the values at or below it (upper edge of its bin, at most `largest`).
  double percentile(double percent) const;
  /// Mean squared error of rounding the histogram's values with `scale` (values at bin centres).
  double rounding_mse(double scale, const QuantSpec& spec) const;

 private:
  void widen();

  std::vector<std::uint64_t> bins_;
  double bin_width_ = 0;
  std::uint64_t count_ = 0;
  float largest_ = 0;
};

/// Scale of a symmetric quantiser (zero point 0) for what the histogram saw.
/// minmax: largest / max_code. percentile: percentile(|x|) / max_code. mse: the least rounding_mse over 100 clip points.
float choose_scale(const MagnitudeHistogram& histogram, const QuantSpec& spec, const ActivationRecipe& recipe);

}  // namespace nibble

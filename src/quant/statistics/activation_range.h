// SPDX-License-Identifier: Apache-2.0
// Chooses the range of an activation quantiser from a histogram of the values it will see, which are counted as they come.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "graph/quant_params.h"
#include "quant/recipe.h"

namespace nibble {

/// A histogram of values over [-limit, limit). When a larger magnitude comes, the limit doubles and neighbouring bins are merged.
class ValueHistogram {
 public:
  /// Error(numeric) on a value that is not finite.
  void add(std::span<const float> values);

  std::uint64_t count() const { return count_; }
  float smallest() const { return smallest_; }  ///< the smallest value seen, or 0 where none is negative: 0 belongs to every range
  float largest() const { return largest_; }    ///< the largest value seen, or 0 where none is positive
  /// Smallest x with at least `percent` of the values at or below it (upper edge of its bin), within smallest..largest.
  double percentile(double percent) const;
  /// The same for the magnitudes |x|.
  double magnitude_percentile(double percent) const;
  /// Mean squared error of rounding the histogram's values (at bin centres) to codes.
  double rounding_mse(double scale, std::int32_t zero_point, const QuantSpec& spec) const;

 private:
  double centre(std::size_t bin) const;
  void widen();

  std::vector<std::uint64_t> bins_;
  double bin_width_ = 0;
  std::uint64_t count_ = 0;
  float smallest_ = 0, largest_ = 0;
};

/// One scale and zero point for what the histogram saw; `spec` is signed and per tensor.
/// A range low..high that spans 0 gives scale = (high - low) / (max_code - min_code), zero_point = round(min_code - low / scale);
/// with recipe.symmetric it is -clip..clip, scale = clip / max_code, zero_point 0.
/// minmax: the ends of the values. percentile: of the values above and, mirrored, below; of |x| when symmetric.
/// mse: least rounding_mse over 100 ends on each side, one side after the other.
QuantParams choose_range(const ValueHistogram& histogram, const QuantSpec& spec, const ActivationRecipe& recipe);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Measures how far the outputs of one layer lie apart in two files, and in what way.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace nibble {

struct LayerDrift {
  std::string layer;
  bool is_finite = true;  ///< whether all values of both are finite; otherwise the numbers below mean nothing
  double sqnr_db = 0;     ///< power of A around its channel means over the power of B - A, in decibels; infinite where both are equal
  double slope = 1;       ///< slope of the regression of B on A, around the channel means; below 1 the signal has faded
  /// Parts of the error's power that add up to 1 (all 0 where both are equal): the mean of a channel has moved; a channel has become a
  /// multiple of itself; everything else.
  double mean_share = 0, gain_share = 0, noise_share = 0;
  /// The lowest sqnr_db of the layers that feed this one; empty where the image alone feeds it.
  std::optional<double> inherited_db;

  bool is_equal() const;
  /// By how many decibels the layer is worse than the worst layer that feeds it; empty where that one is exact.
  std::optional<double> drop_db() const;
};

/// Sums over images, one per channel. Example: A {1, -1}, B {0.5, -0.5}: slope 0.5, gain_share 1, 6.0 dB.
class DriftMeter {
 public:
  /// Adds the outputs of `layer` for some images, [N,C,...] of the same shape, f32 or f16. Error(input) naming the layer where shapes
  /// differ.
  void add(const std::string& layer, const Tensor& a, const Tensor& b);
  LayerDrift result(const std::string& layer) const;

 private:
  struct Channel {
    double count = 0, a = 0, e = 0, aa = 0, ae = 0, ee = 0;  ///< e: B - A
  };
  std::vector<Channel> channels_;
  bool is_finite_ = true;
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Measures how far the outputs of one layer lie apart in two files, and in what way.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "nibble/compare.h"

namespace nibble {

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

// SPDX-License-Identifier: Apache-2.0
// How far the outputs of one layer lie apart in two files, and in what way.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace nibble {

struct LayerDrift {
  std::string layer;
  bool is_finite = true;  ///< of both; the numbers below are meaningless otherwise
  double sqnr_db = 0;     ///< power of A around its channel means over the power of B - A; infinite when equal
  double slope = 1;       ///< of B on A, around the channel means: below 1 the signal fades
  /// Of the error's power, 1 in all (0 when equal): the channel's mean moved; the channel became a multiple of itself; the rest.
  double mean_share = 0, gain_share = 0, noise_share = 0;
  /// Lowest sqnr_db of the layers that feed it; none where the image alone does.
  std::optional<double> inherited_db;

  bool is_equal() const;
  /// What the layer itself lost against the worst of what feeds it; none where that is exact.
  std::optional<double> drop_db() const;
};

/// Sums over images, one per channel. Example: A {1, -1}, B {0.5, -0.5}: slope 0.5, gain_share 1, 6.0 dB.
class DriftMeter {
 public:
  /// [N,C,...] of the same shape, f32 or f16. Error(input) when shapes differ.
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

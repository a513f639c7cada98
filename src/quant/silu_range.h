// SPDX-License-Identifier: Apache-2.0
// Chooses the 8-bit range of a convolution's output that distorts the SiLU behind it least.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "graph/rewrites.h"

namespace nibble {

/// What a range does to SiLU: x becomes the code of its grid, z; the result z * sigma(z), with sigma in steps of 1/255, is
/// compared with x * sigma(x). Far below zero SiLU is zero, so a grid that starts at -4 or so wastes no codes there.
/// Values are counted as they come, so memory is some hundred kB whatever the number of images.
class SiluHistogram {
 public:
  /// Error(numeric) on a value that is not finite.
  void add(std::span<const float> values);
  /// The range of least mean squared error among 15 lower and 29 upper ends, zero always inside. Error(internal) when
  /// nothing was added.
  OutputRange best_range() const;

 private:
  struct Bin {
    double x, silu, weight;
  };
  std::vector<Bin> filled_bins() const;

  std::vector<std::int64_t> counts_;
  float low_ = 0, high_ = 0;  ///< the ends of the values, and of 0, which belongs to every range
};

}  // namespace nibble

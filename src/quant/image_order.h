// SPDX-License-Identifier: Apache-2.0
// The order in which training takes images: all of them once, in random order, before any comes again.
#pragma once
#include <cstdint>
#include <random>
#include <vector>

namespace nibble {

struct PickedImage {
  std::int64_t index = 0;
  bool flipped = false;  ///< mirrored left to right, every second time on average
};

class ImageOrder {
 public:
  /// Images 0..count-1; count > 0.
  ImageOrder(std::int64_t count, std::uint64_t seed) : count_(count), random_(seed) {}
  std::int64_t count() const { return count_; }
  PickedImage next();

 private:
  std::int64_t count_;
  std::mt19937_64 random_;
  std::vector<std::int64_t> left_;
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Random numbers that depend on their key alone (seed, epoch, index, ...): the same on every machine, whatever thread draws
// them and in whatever order. SplitMix64 (Steele, Lea, Flood 2014).
#pragma once
#include <cstdint>
#include <initializer_list>

namespace nibble {

class KeyedRandom {
 public:
  explicit KeyedRandom(std::initializer_list<std::uint64_t> key) {
    for (const std::uint64_t part : key) state_ = mix(state_ + kStep) ^ part;
    state_ = mix(state_);
  }
  std::uint64_t next() { return mix(state_ += kStep); }
  /// 0 <= x < 1, of 53 bits.
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
  double between(double low, double high) { return low + (high - low) * unit(); }
  /// 0 <= x < limit; the bias is below limit / 2^53. `limit` is positive.
  std::int64_t below(std::int64_t limit) { return static_cast<std::int64_t>(unit() * static_cast<double>(limit)); }

 private:
  static constexpr std::uint64_t kStep = 0x9E3779B97F4A7C15;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  std::uint64_t state_ = 0;
};

}  // namespace nibble

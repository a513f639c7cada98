// SPDX-License-Identifier: Apache-2.0
// How many numbers describe a box before it is decoded: a distribution over 16 distances for each of its four sides.
#pragma once
#include <cstdint>

namespace nibble {

inline constexpr std::int64_t kBoxBins = 16;  ///< per side; Ultralytics' reg_max
inline constexpr std::int64_t kBoxLogits = 4 * kBoxBins;
inline constexpr std::int64_t kMaxBoxBins = 64;  ///< of a head that is read from a file of unknown origin

}  // namespace nibble

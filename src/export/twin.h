// SPDX-License-Identifier: Apache-2.0
// Proves that two files hold the same weights: that every dialect was written from one set of integers.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace nibble {

/// How the biases of the second file may differ from those of the first.
enum class Biases {
  equal,    ///< not at all
  rounded,  ///< where they are quantised: each code is the nearest one, so that a bias is off by half a step at most
};

/// What was compared, and where the two first differ.
struct TwinComparison {
  std::int64_t layers = 0;     ///< Conv nodes of both, by name
  std::int64_t codes = 0;      ///< integers of quantised weights compared
  std::int64_t weights = 0;    ///< elements of dequantised (or float) weights and biases compared, bit for bit
  std::string codes_differ;    ///< empty: all integers are equal
  std::string weights_differ;  ///< empty: all numbers are equal, bit for bit
};

/// Compares each Conv of `a` with the Conv of the same name in `b`. Error(input) when one has no Conv or two of one name; a Conv that only
/// one has is a difference of both kinds.
TwinComparison compare_twins(const std::filesystem::path& a, const std::filesystem::path& b, Biases biases = Biases::equal);

/// Error(internal) naming the first node that differs in integers or numbers.
void require_equal_weights(const std::filesystem::path& a, const std::filesystem::path& b, Biases biases = Biases::equal);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What the consumers of quantised files demand: a table of facts, each with what it rests on.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "quant/recipe.h"

namespace nibble {

/// One consumer. A reason is empty where there is nothing to refuse.
struct Target {
  std::string_view name;                             ///< "tensorrt": what a user writes
  std::string_view consumer;                         ///< "TensorRT": what texts say
  std::array<std::string_view, 2> float_dialects;    ///< files it takes where activations stay float; "" where there are fewer
  std::array<std::string_view, 2> integer_dialects;  ///< files it takes where activations have 8 bits
  bool symmetric_weights = false;                    ///< zero points of weights must be 0
  bool symmetric_activations = false;                ///< zero points of activations must be 0
  bool narrow_weights = false;                       ///< the lowest code, -8 of 4 bits, must not occur
  bool clips = true;                                 ///< an integer Clip in front of DequantizeLinear is understood
  std::string_view why_no_float_activations = {};
  std::string_view why_no_blocks = {};
  bool float_blocks = false;    ///< scales per block are taken nevertheless where activations are float
  std::string_view basis = {};  ///< whether this was run or only read, and where
};

/// All of them, in the order in which they are listed.
std::span<const Target> targets();
/// Error(usage) listing the names.
const Target& find_target(const std::string& name);
/// Sets what the consumer demands of numbers, notes it in Recipe::target and adds its name to the recipe's, because the numbers may differ
/// from those of the plain recipe. Applied twice it changes nothing. Nothing for an empty `name`. Error(usage) as find_target;
/// Error(unsupported) with the reason where the consumer cannot take the recipe.
void apply_target(Recipe& recipe, const std::string& name);
/// Whether files in this dialect are for the recipe's target; true for all where it has none.
bool takes_dialect(const Recipe& recipe, std::string_view dialect);

}  // namespace nibble

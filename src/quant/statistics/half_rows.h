// SPDX-License-Identifier: Apache-2.0
// Many numbers at once to 16 bits and back, by vector instructions: the same as by base/half.h one after the other.
#pragma once
#include <span>

#include "base/half.h"

namespace nibble {

/// `to` has as many numbers as `from`. False where one of them is no finite number in 16 bits.
bool to_halves(std::span<const float> from, Half* to);
/// `to` has as many numbers as `from`.
void to_floats(std::span<const Half> from, float* to);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The step that most of rounding consists of.
#pragma once
#include <vector>

namespace nibble {

/// y += a x. `x` has as many numbers as `y`.
void add_scaled(std::vector<float>& y, const float* x, float a);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The step that most of refining and measuring consists of.
#pragma once
#include <cstdint>
#include <vector>

namespace nibble {

/// y += a x. `x` has as many numbers as `y`.
void add_scaled(std::vector<float>& y, const float* x, float a);

/// y += a[i] x[i] for each i < count, one after the other as by add_scaled; x[i] is row i of `x` [count, y.size()]. Several rows share a
/// pass over y.
void add_scaled_rows(std::vector<float>& y, const float* x, const float* a, std::int64_t count);

/// How many rows of a large matrix are best taken at once where several y take the same rows.
inline constexpr std::int64_t kRowsOfAPass = 8;

}  // namespace nibble

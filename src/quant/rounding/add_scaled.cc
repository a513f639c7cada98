// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/add_scaled.h"

#include <cstddef>

#include "base/vector_clones.h"

namespace nibble {

NIBBLE_VECTOR_CLONES void add_scaled(std::vector<float>& y, const float* x, float a) {
  float* out = y.data();
  for (std::size_t k = 0, count = y.size(); k < count; ++k) out[k] += a * x[k];
}

NIBBLE_VECTOR_CLONES void add_scaled_rows(std::vector<float>& y, const float* x, const float* a, std::int64_t count) {
  const auto size = static_cast<std::int64_t>(y.size());
  float* out = y.data();
  std::int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    const float* const x0 = x + i * size;
    const float *const x1 = x0 + size, *const x2 = x1 + size, *const x3 = x2 + size;
    const float a0 = a[i], a1 = a[i + 1], a2 = a[i + 2], a3 = a[i + 3];
    for (std::int64_t k = 0; k < size; ++k) out[k] = out[k] + a0 * x0[k] + a1 * x1[k] + a2 * x2[k] + a3 * x3[k];
  }
  for (; i < count; ++i)
    for (std::int64_t k = 0; k < size; ++k) out[k] += a[i] * x[i * size + k];
}

}  // namespace nibble

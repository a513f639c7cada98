// SPDX-License-Identifier: Apache-2.0
#include "quant/rounding/add_scaled.h"

#include <cstddef>

#include "base/vector_clones.h"

namespace nibble {

NIBBLE_VECTOR_CLONES void add_scaled(std::vector<float>& y, const float* x, float a) {
  float* out = y.data();
  for (std::size_t k = 0, count = y.size(); k < count; ++k) out[k] += a * x[k];
}

}  // namespace nibble

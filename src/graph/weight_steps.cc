// SPDX-License-Identifier: Apache-2.0
#include "graph/weight_steps.h"

#include <algorithm>

namespace nibble {

bool steps_fit_bytes(const QuantParams& params) {
  const auto zero_points = params.zero_point.as<std::int8_t>();
  return std::all_of(zero_points.begin(), zero_points.end(), [&](int zero_point) {
    return params.spec.min_code() - zero_point >= -128 && params.spec.max_code() - zero_point <= 127;
  });
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "graph/quant_params.h"

#include <fmt/format.h>

#include "graph/text.h"
#include "nibble/error.h"

namespace nibble {

namespace {

[[noreturn]] void refuse(const Shape& weight, const std::string& why) {
  throw Error(ErrorKind::internal, fmt::format("scales of weights {}: {}", text_of(weight), why));
}

}  // namespace

Shape scale_shape(const QuantSpec& spec, const Shape& weight) {
  if (spec.granularity == Granularity::tensor) return {};
  if (weight.empty()) refuse(weight, "a scalar cannot be quantised per channel or block");
  if (spec.granularity == Granularity::channel) return {weight[0]};
  if (spec.block <= 0 || weight.size() < 2) refuse(weight, fmt::format("blocks of {} do not cut axis 1", spec.block));
  Shape shape = weight;
  shape[1] = (weight[1] - 1) / spec.block + 1;
  return shape;
}

}  // namespace nibble

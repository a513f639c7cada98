// SPDX-License-Identifier: Apache-2.0
#include "graph/text.h"

#include <fmt/format.h>

namespace nibble {

std::string text_of(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ',';
    text += shape[i] < 0 ? "B" : std::to_string(shape[i]);
  }
  return text + "]";
}

namespace {

std::string granularity_text(const QuantSpec& spec) {
  switch (spec.granularity) {
    case Granularity::tensor: return "per tensor";
    case Granularity::channel: return "per channel";
    case Granularity::block: return fmt::format("per block of {}", spec.block);
  }
  return "of unknown granularity";
}

}  // namespace

std::string text_of(const QuantSpec& spec) {
  const auto trellis = spec.trellis ? fmt::format(" of a {}-bit trellis", spec.trellis.bits) : "";
  return fmt::format("{}{}{}{}{} {}", spec.is_signed ? "int" : "uint", spec.bits, spec.narrow ? " narrow" : "",
                     spec.reduce_range ? " of reduced range" : "", trellis, granularity_text(spec));
}

}  // namespace nibble

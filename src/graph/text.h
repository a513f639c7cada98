// SPDX-License-Identifier: Apache-2.0
// Shapes and quantisation specs as text, for messages and dumps.
#pragma once
#include <string>

#include "base/tensor.h"
#include "graph/quant_params.h"

namespace nibble {

/// For example "[B,3,640,640]"; B stands for an extent that is known at run time only.
std::string text_of(const Shape& shape);
/// For example "int4 narrow per channel", "uint8 per tensor" or "int4 per block of 32".
std::string text_of(const QuantSpec& spec);

}  // namespace nibble

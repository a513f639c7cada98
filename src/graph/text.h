// SPDX-License-Identifier: Apache-2.0
// How shapes and quantisation specs read in messages and dumps.
#pragma once
#include <string>

#include "base/tensor.h"
#include "graph/quant_params.h"

namespace nibble {

/// "[B,3,640,640]": B is an extent known at run time only.
std::string text_of(const Shape& shape);
/// "int4 narrow per channel", "uint8 per tensor", "int4 per block of 32".
std::string text_of(const QuantSpec& spec);

}  // namespace nibble

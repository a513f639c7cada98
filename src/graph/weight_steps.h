// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "graph/quant_params.h"

namespace nibble {

/// Whether every code less its zero point is one of -128..127, so that bytes without a zero point can hold the steps. For signed codes of
/// at most 8 bits. Example: 8 bits with zero point -1 do not fit, 127 - (-1) = 128; of 7 bits all do.
bool steps_fit_bytes(const QuantParams& params);

}  // namespace nibble

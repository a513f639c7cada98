// SPDX-License-Identifier: Apache-2.0
// What `quantize` and `qat` give back.
#pragma once
#include "nibble/quantize.h"
#include "variants/make_variant.h"

namespace nibble {

/// Everything but the training.
QuantizeResult quantize_result(const VariantJob& job, Variant variant);

}  // namespace nibble

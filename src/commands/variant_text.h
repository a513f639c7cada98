// SPDX-License-Identifier: Apache-2.0
// What a command that made the files of a recipe says of them.
#pragma once
#include <string>

#include "variants/make_variant.h"

namespace nibble {

/// Quantised, float and skipped layers, the budget, each file with its size or what is wrong with it, and the twins.
std::string left_out_text(const std::vector<BadDatum>& bad, const std::string& what);

std::string variant_text(const VariantJob& job, const Variant& variant);

}  // namespace nibble

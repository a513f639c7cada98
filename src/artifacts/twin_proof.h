// SPDX-License-Identifier: Apache-2.0
// Proves from the written files that all files of a recipe hold the same integers.
#pragma once
#include <vector>

#include "artifacts/variant_files.h"
#include "nibble/report.h"

namespace nibble {

/// Two files of a recipe that must agree: in the integers always, in dequantised weights and biases bit for bit where both compute in
/// the same precision. FP16 files hold the scales rounded to float16.
struct TwinPair {
  VariantFile file, reference;
  bool same_weights = true;  ///< whether dequantised weights and biases must be equal bit for bit, too
  bool integer = false;      ///< whether `file` is the integer form, whose biases are rounded to int32 and whose outputs may differ
};
/// Pairs each file but the first with the nearest file before it that it must agree with: -opt with the file it was cleaned from, INT4 with
/// -opt, unpack with INT4, FP16 forms with each other and with FP32.
std::vector<TwinPair> twin_pairs(const std::vector<VariantFile>& files);

/// One report per pair, in order; `outputs` is left empty. `method` as in artifact_name.
std::vector<TwinReport> prove_twins(const Recipe& recipe, const std::vector<VariantFile>& files, const VariantPath& path_of,
                                    const std::string& method = "ptq");

/// Error(internal) naming the first pair that does not agree.
void require_twins(const std::vector<TwinReport>& twins);

}  // namespace nibble

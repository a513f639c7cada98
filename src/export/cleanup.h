// SPDX-License-Identifier: Apache-2.0
// Cleans up any ONNX file: its structure gets smaller, and the numbers it computes stay the same. The passes are in cleanup_passes.h.
#pragma once
#include <filesystem>
#include <vector>

#include "nibble/clean.h"

namespace nibble {

struct CleanupOptions {
  bool own_initialisers = false;  ///< initialisers that callers may override as inputs become plain constants
  bool strip = false;             ///< doc strings and value_info are dropped, which only people and debuggers read
  bool narrow_constants = false;  ///< large constants that fit exactly are stored as bytes or float16, with a Cast behind
  bool short_names = false;       ///< values between nodes, and scalars, are called v0, v1, ...; nodes keep their names
};

struct CleanupResult {
  std::vector<CleanupCount> counts;  ///< in the order of the passes
  GraphCensus before, after;
};

/// Reads `from`, applies the passes until none finds anything, writes `to` (written then renamed). QuantizeLinear, DequantizeLinear and
/// the decoders of packed weights are a barrier: Error(internal), and nothing written, if the number of those that matter to an output
/// changes. Everything unknown (metadata, opset, fields younger than this program) is kept. Nodes in another order than their results need
/// are sorted first: Error(input) where they stand in a circle. Weights in files beside the model are taken in (external_data.h has the
/// errors).
CleanupResult clean_model(const std::filesystem::path& from, const std::filesystem::path& to, const CleanupOptions& options = {});

/// The names of the passes with what they do, in their order, for the help text.
std::vector<CleanupCount> cleanup_passes();

}  // namespace nibble

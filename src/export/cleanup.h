// SPDX-License-Identifier: Apache-2.0
// Clean-up of any ONNX file: smaller structure, the same numbers. The passes are in cleanup_passes.h.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace nibble {

struct CleanupOptions {
  bool own_initialisers = false;  ///< initialisers that callers may override as inputs become plain constants
  bool strip = false;             ///< drop doc strings and value_info: what only people and debuggers read
  bool narrow_constants = false;  ///< large constants that fit exactly are stored as bytes or float16, with a Cast behind
};

/// What one pass changed.
struct CleanupCount {
  std::string pass;
  std::string what;  ///< "Identity nodes removed"
  int applied = 0;
};

/// What a file is made of, for before and after.
struct GraphCensus {
  std::int64_t nodes = 0;
  std::int64_t initialisers = 0;
  std::int64_t quantize = 0;    ///< QuantizeLinear that an output depends on
  std::int64_t dequantize = 0;  ///< DequantizeLinear that an output depends on
  std::int64_t bytes = 0;
};

struct CleanupResult {
  std::vector<CleanupCount> counts;  ///< in the order of the passes
  GraphCensus before, after;
};

/// Reads `from`, applies the passes until none finds anything, writes `to` (written then renamed). QuantizeLinear and DequantizeLinear are
/// a barrier: Error(internal), and nothing written, if the number of those that matter to an output changes. Everything unknown
/// (metadata, opset, fields younger than this program) is kept. Nodes in another order than their results need are sorted first:
/// Error(input) where they stand in a circle. Weights in files beside the model are taken in (external_data.h has the errors).
CleanupResult clean_model(const std::filesystem::path& from, const std::filesystem::path& to, const CleanupOptions& options = {});

/// Names of the passes with what they do, in order: for the help.
std::vector<CleanupCount> cleanup_passes();

}  // namespace nibble

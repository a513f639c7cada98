// SPDX-License-Identifier: Apache-2.0
// Clean-up of any ONNX file: smaller structure, the same numbers.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "nibble/options.h"
#include "nibble/visibility.h"

namespace nibble {

struct CleanOptions {
  std::filesystem::path input;    ///< An ONNX file, written by nibble or not.
  std::filesystem::path output;   ///< The ONNX file to write.
  bool own_initialisers = false;  ///< Initialisers that are listed as inputs as well become plain constants.
  bool strip = false;             ///< Drop doc strings and the shapes of inner values.
  bool narrow_constants = false;  ///< Large constants that fit exactly are stored as bytes or float16, with a Cast behind.
  RuntimeOptions runtime;         ///< Of the check that the outputs are equal.
};

/// What one pass changed.
struct CleanupCount {
  std::string pass;  ///< Name of the pass.
  std::string what;  ///< What it counts: "Identity nodes removed".
  int applied = 0;   ///< How often.
};

/// What a file is made of, for before and after.
struct GraphCensus {
  std::int64_t nodes = 0;
  std::int64_t initialisers = 0;
  std::int64_t quantize = 0;    ///< QuantizeLinear nodes that an output depends on.
  std::int64_t dequantize = 0;  ///< DequantizeLinear nodes that an output depends on.
  std::int64_t unpacked = 0;    ///< Weights that operators decode when a runtime loads the file.
  std::int64_t bytes = 0;       ///< Size of the file.
};

struct CleanResult {
  std::filesystem::path input, output;
  GraphCensus before, after;
  std::vector<CleanupCount> passes;  ///< Every pass, in order, those that found nothing included.
  bool outputs_compared = false;     ///< ONNX Runtime ran both files on random input, and all outputs are equal bit for bit.
  std::vector<std::vector<std::int64_t>> output_shapes;  ///< Of what was compared.
};
/// Writes the cleaned form of an ONNX file, after running both on the same random input: Error(internal), and nothing written, when the
/// outputs differ in a bit. Throws Error(input), and writes nothing, for a file that is no ONNX model or does not run here.
NIBBLE_EXPORT CleanResult clean(const CleanOptions& options);

}  // namespace nibble

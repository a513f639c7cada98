// SPDX-License-Identifier: Apache-2.0
// An ONNX file in words: what comes out, how it is quantised, what runs it here.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "export/onnx_summary.h"
#include "nibble/inspect.h"

namespace nibble {

/// What the first output means: the file's own words, else what its shape and class names say, else the likeliest reading of the
/// shape, with the doubt in it.
std::string meaning_of(const OnnxSummary& summary);

/// "82 of 83 layers: 4-bit weights, a scale per channel, as bytes (QCDQ); 82 read 8-bit inputs".
std::string quantisation_of(const OnnxSummary& summary);

/// Of each provider this ONNX Runtime has; empty without a runtime.
std::vector<ProviderTrial> try_providers(const std::filesystem::path& file);

/// All of it. Errors as summarize_onnx.
OnnxInspection inspect_onnx(const std::filesystem::path& file);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The files that one recipe gives: which there are, what they are called, and how each is written from one quantised graph.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/rewrites.h"
#include "quant/recipe.h"
#include "yolo/detector.h"

namespace nibble {

/// The dialects a user asks for.
struct Dialects {
  bool qcdq = true, int4 = true, integer = true, unpack = true;
  bool operator==(const Dialects&) const = default;
};
/// "qcdq", "int4", "unpack", "integer", "both" (the first two), "all". Error(usage) listing the names.
Dialects parse_dialects(const std::string& name);

/// The files one recipe gives. QCDQ knows no blocks, FP16 forms (compute, and in INT4 scales) and the unpack form are for float activations
/// only; the integer form needs 8-bit activations and knows no blocks. Error(unsupported) when nothing is left of what was asked for.
struct VariantFile {
  std::string dialect;  ///< "qcdq", "int4", "unpack", "integer"
  std::string suffix;   ///< "", "opt", "fp16"
};
std::vector<VariantFile> files_of(const Recipe& recipe, const Dialects& wanted);
/// Index of one of them; empty when the recipe does not give it.
std::optional<std::size_t> index_of(const std::vector<VariantFile>& files, std::string_view dialect, std::string_view suffix);
/// "w4a16-qcdq-ptq-opt"; `method`: "ptq", or "qat" where the numbers were trained.
std::string artifact_name(const Recipe& recipe, const VariantFile& file, const std::string& method = "ptq");
/// Which of them are scored: the cleaned QCDQ file (INT4 where the recipe has blocks), the unpack form, which is the file to take for ONNX
/// Runtime, and the integer form, which rounds more.
bool is_scored(const Recipe& recipe, const VariantFile& file);

using VariantPath = std::function<std::filesystem::path(const VariantFile&)>;

/// Names a convolution -> the range of its output that the integer form counts in 255 steps. Empty when no integer file is written.
using OutputRanges = std::map<std::string, OutputRange>;

/// Error(usage) when one of the files cannot be written with this opset (0: each dialect's own).
void require_opset(const std::vector<VariantFile>& files, int opset);

/// Writes the compact file, as write_variant_files does; returns its bytes.
std::int64_t write_int4(const Detector& baseline, const Graph& graph, const Recipe& recipe, const std::filesystem::path& path);
/// The network that files are written from.
struct QuantizedNetwork {
  const Graph& graph;
  bool is_trained = false;  ///< its numbers were trained after calibration; the files say so
};
/// Writes the files; `opset` as for require_opset. Error(internal), and no such file, where the compact one is larger than the recipe
/// allows.
void write_variant_files(const Detector& baseline, const QuantizedNetwork& network, const Recipe& recipe,
                         const std::vector<VariantFile>& files, const OutputRanges& ranges, const VariantPath& path_of, int opset = 0);

}  // namespace nibble

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

/// The dialects a user asks for. All of them are the default.
struct Dialects {
  bool qcdq = true, int4 = true, integer = true, unpack = true;
  bool operator==(const Dialects&) const = default;
};
/// "qcdq", "int4", "unpack", "integer", "both" (the first two), "all". Error(usage) listing the names.
Dialects parse_dialects(const std::string& name);
/// The same for an option that may be left empty: then all that the recipe's target takes, or qcdq and int4 where it has none.
Dialects wanted_dialects(const std::string& name, const Recipe& recipe);

/// One file of a variant, by the parts of its name.
struct VariantFile {
  std::string dialect;  ///< "qcdq", "int4", "unpack" or "integer"
  std::string suffix;   ///< "" for the plain file, "opt" for the cleaned QCDQ file, "fp16" for the file that computes in float16
};
/// The files that a recipe gives in the wanted dialects, in the order in which they are written. A dialect that cannot hold the recipe is
/// left out: QCDQ and the integer form have no scales per block, and the integer form needs 8-bit activations; so is one that the recipe's
/// target does not take. "fp16" files are added
/// only with float activations, and only where the recipe's fp16_files is set. Error(unsupported) where no file at all is left.
std::vector<VariantFile> files_of(const Recipe& recipe, const Dialects& wanted);
/// The index of the file with this dialect and suffix in `files`; empty where it is not among them.
std::optional<std::size_t> index_of(const std::vector<VariantFile>& files, std::string_view dialect, std::string_view suffix);
/// The name of a file without model and extension, for example "w4a16-qcdq-ptq-opt". `method` is "ptq" where the numbers come from
/// calibration, "qat" where they were trained afterwards.
std::string artifact_name(const Recipe& recipe, const VariantFile& file, const std::string& method = "ptq");
/// Whether this file is run on the images and scored. Files of the same integers that compute alike need only one score, so these are
/// scored: the cleaned QCDQ file (for a recipe with blocks the INT4 files instead), the unpack form, which is the file to take for ONNX
/// Runtime, and the integer form, because it also rounds activations between layers and so computes other numbers.
bool is_scored(const Recipe& recipe, const VariantFile& file);

/// Where each file is to be written.
using VariantPath = std::function<std::filesystem::path(const VariantFile&)>;

/// For a convolution, by the name of its node: the range of its output that the integer form divides into 255 steps. May be empty where no
/// integer file is written.
using OutputRanges = std::map<std::string, OutputRange>;

/// Error(usage) where one of the files cannot be written with this opset. 0 stands for each dialect's own opset, which always can.
void require_opset(const std::vector<VariantFile>& files, int opset);

/// Writes the plain packed file alone (INT4, of a trellis unpack), as write_variant_files writes it, and returns its size in bytes. The
/// recipe's budget is not checked: this is how the size of a choice of bits is measured.
std::int64_t write_packed(const Detector& baseline, const Graph& graph, const Recipe& recipe, const std::filesystem::path& path);
/// The network that files are written from.
struct QuantizedNetwork {
  const Graph& graph;
  bool is_trained = false;  ///< whether its numbers were trained after calibration; the files' metadata say so (nibble.method)
};
/// Writes each of `files` to path_of(file). `baseline` gives the metadata; `ranges` is read for the integer form only; `opset` is as for
/// require_opset, which is to be asked first. The "opt" file is made from the plain one, which must stand before it in `files`.
/// Error(internal) where an INT4 file is larger than the recipe's mixed.max_bytes; that file is removed again.
void write_variant_files(const Detector& baseline, const QuantizedNetwork& network, const Recipe& recipe,
                         const std::vector<VariantFile>& files, const OutputRanges& ranges, const VariantPath& path_of, int opset = 0);

}  // namespace nibble

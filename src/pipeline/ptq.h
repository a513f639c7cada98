// SPDX-License-Identifier: Apache-2.0
// Post-training quantisation of one recipe: calibrate, write every file it stands for, prove that they hold the same weights.
#pragma once
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "graph/rewrites.h"
#include "nibble/report.h"
#include "nibble/run.h"
#include "pipeline/calibration_set.h"
#include "quant/calibrate.h"
#include "yolo/detector.h"

namespace nibble {

/// A shipped recipe or a file, with the preset's work, the options' budget (budget.h) and, where `images` is given, so many calibration
/// images.
Recipe resolved_recipe(const std::string& name, const std::string& preset, const std::optional<std::int64_t>& images,
                       const BudgetOptions& budget);

/// The dialects a user asks for.
struct Dialects {
  bool qcdq = true, int4 = true, integer = true;
};
/// "qcdq", "int4", "integer", "both" (the first two), "all". Error(usage) listing the names.
Dialects parse_dialects(const std::string& name);

/// The files one recipe gives. QCDQ knows no blocks, FP16 forms (compute, and in INT4 scales) are for float activations only; the integer
/// form needs 8-bit activations and knows no blocks. Error(unsupported) when nothing is left of what was asked for.
struct PtqFile {
  std::string dialect;  ///< "qcdq", "int4", "integer"
  std::string suffix;   ///< "", "opt", "fp16"
};
std::vector<PtqFile> files_of(const Recipe& recipe, const Dialects& wanted);
/// Index of one of them; empty when the recipe does not give it.
std::optional<std::size_t> index_of(const std::vector<PtqFile>& files, std::string_view dialect, std::string_view suffix);
/// "w4a16-qcdq-ptq-opt"; `method`: "ptq", or "qat" where the numbers were trained.
std::string artifact_name(const Recipe& recipe, const PtqFile& file, const std::string& method = "ptq");
/// Which of them are scored: the cleaned QCDQ file (INT4 where the recipe has blocks), and the integer form, which rounds more.
bool is_scored(const Recipe& recipe, const PtqFile& file);

using PtqPath = std::function<std::filesystem::path(const PtqFile&)>;

/// By convolution; what an integer file needs.
using OutputRanges = std::map<std::string, OutputRange>;
/// Empty when none of `files` is an integer one.
OutputRanges ranges_for(const std::vector<PtqFile>& files, const CalibrationResult& result, const CalibrationImages& images,
                        const RuntimeOptions& runtime, const PtqPath& path_of, Progress& progress);

/// Error(usage) when one of the files cannot be written with this opset (0: each dialect's own).
void require_opset(const std::vector<PtqFile>& files, int opset);

/// Writes the compact file, as write_ptq_files does; returns its bytes.
std::int64_t write_int4(const Detector& baseline, const Graph& graph, const Recipe& recipe, const std::filesystem::path& path);
/// Writes the files; `opset` as for require_opset. Error(internal), and no such file, where the compact one is larger than the recipe
/// allows.
void write_ptq_files(const Detector& baseline, const CalibrationResult& result, const Recipe& recipe, const std::vector<PtqFile>& files,
                     const OutputRanges& ranges, const PtqPath& path_of, int opset = 0);

/// Compares what the recipe asked for with what was done.
RecipeReport report_of(const Graph& baseline, const Recipe& recipe, const CalibrationResult& result);
/// {recipe: RecipeReport, layers: [LayerStat], front, budget}; the last two where bits are mixed.
Json layers_document(const RecipeReport& report, const Recipe& recipe, const CalibrationResult& result);

}  // namespace nibble

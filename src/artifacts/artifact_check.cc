// SPDX-License-Identifier: Apache-2.0
#include "artifacts/artifact_check.h"

#include "base/files.h"
#include "export/onnx_summary.h"
#include "nibble/error.h"
#include "ort/random_run.h"

namespace nibble {
namespace {

int count_in(const OnnxSummary& summary, const std::string& op) {
  const auto found = summary.op_counts.find(op);
  return found == summary.op_counts.end() ? 0 : found->second;
}

void take_census(ArtifactReport& report, const std::filesystem::path& file) {
  const auto summary = summarize_onnx(file);
  report.quantize_nodes = count_in(summary, "QuantizeLinear");
  report.dequantize_nodes = count_in(summary, "DequantizeLinear");
  for (const auto& layer : summary.layers) ++report.weight_bits[layer.weight_bits];
  report.bytes = summary.file_bytes;
}

/// The two outcomes that are findings about the file, not about the machine.
bool is_finding(const Error& error) {
  return error.kind() == ErrorKind::input || error.kind() == ErrorKind::numeric || error.kind() == ErrorKind::internal ||
         error.kind() == ErrorKind::unsupported;
}

void try_out(ArtifactReport& report, const std::filesystem::path& file, const RuntimeOptions& runtime) {
  try {
    const Session session = open_session(file, runtime, true);
    report.loads = true;
    require_finite_outputs(session, runtime.seed);
    report.finite = true;
  } catch (const Error& error) {
    if (!is_finding(error)) throw;
    report.problem = error.what();
  }
}

}  // namespace

ArtifactReport check_artifact(const ArtifactId& id, const RuntimeOptions& runtime) {
  ArtifactReport report;
  report.name = id.name;
  report.recipe = id.recipe;
  report.path = id.path;
  report.sha256 = sha256_of_file(id.file);
  take_census(report, id.file);
  try_out(report, id.file, runtime);
  return report;
}

Tensor first_output(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize, const Tensor& input) {
  return open_session(model, runtime, optimize).run({input}).at(0);
}

}  // namespace nibble

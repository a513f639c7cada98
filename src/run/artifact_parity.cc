// SPDX-License-Identifier: Apache-2.0
#include "run/artifact_parity.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "artifacts/artifact_check.h"
#include "scoring/output_parity.h"

namespace nibble {
namespace {

OutputKind kind_of(const RunPlan& plan) {
  switch (plan.build.head) {
    case Head::one2one: return OutputKind::one2one;
    case Head::one2many: return OutputKind::one2many;
    case Head::raw:
    case Head::raw_one2one: break;
  }
  return OutputKind::raw;
}

/// Empty when the file does not work; its own gate says so.
std::optional<Tensor> output_of(const ParityContext& context, const ArtifactReport* artifact, bool optimize,
                                const std::map<std::string, std::string>& session_options = {}) {
  if (!artifact || !artifact->finite) return std::nullopt;
  auto runtime = context.plan.options.runtime;
  for (const auto& [key, value] : session_options) runtime.session_options[key] = value;
  return first_output(context.directory.path(artifact->path), runtime, optimize, context.probe);
}

void add_row(const ParityContext& context, ArtifactReport* artifact, const std::string& what, const std::optional<Tensor>& reference,
             const std::optional<Tensor>& other, bool must_be_equal = false) {
  if (!artifact || !reference || !other) return;
  auto parity = compare_outputs(what, *reference, *other, kind_of(context.plan));
  parity.must_be_equal = must_be_equal;
  artifact->parity.push_back(parity);
}

ArtifactReport* find(const std::vector<VariantFile>& files, std::vector<ArtifactReport>& reports, const std::string& dialect,
                     const std::string& suffix) {
  const auto index = index_of(files, dialect, suffix);
  return index ? &reports[*index] : nullptr;
}

ArtifactReport* named(std::vector<ArtifactReport>& reports, const std::string& name) {
  const auto found = std::find_if(reports.begin(), reports.end(), [&](const auto& report) { return report.name == name; });
  return found == reports.end() ? nullptr : &*found;
}

/// Equal weights give equal outputs, optimisations off; the difference becomes a row of the file, where the gate finds it, and part of the
/// proof.
void compare_twin_outputs(const ParityContext& context, std::vector<ArtifactReport>& reports, TwinReport& twin) {
  auto* const artifact = named(reports, twin.artifact);
  const auto rows = artifact ? artifact->parity.size() : 0;
  if (twin.weights == 0 || !twin.same_outputs) return;
  add_row(context, artifact, "against " + twin.reference, output_of(context, named(reports, twin.reference), false),
          output_of(context, artifact, false), !twin.artifact.ends_with("fp16"));
  if (artifact && artifact->parity.size() > rows) twin.outputs = artifact->parity.back();
}

/// Both have float weights once they are loaded, where the runtime also folds the DequantizeLinear of the INT4 file.
void compare_unpack(const ParityContext& context, const ArtifactReport* packed, ArtifactReport* unpack) {
  const auto on = output_of(context, unpack, true);
  add_row(context, unpack, "optimisations on against off", output_of(context, unpack, false), on);
  add_row(context, unpack, "against INT4 with session.disable_quant_qdq=1, optimisations on",
          output_of(context, packed, true, {{"session.disable_quant_qdq", "1"}}), on, context.plan.options.runtime.provider == "cpu");
}

}  // namespace

void compare_baseline(const ParityContext& context, std::vector<ArtifactReport>& reports) {
  auto& fp32 = reports.at(0);
  auto& fp16 = reports.at(1);
  const auto on = output_of(context, &fp32, true);
  add_row(context, &fp32, "optimisations on against off", output_of(context, &fp32, false), on);
  add_row(context, &fp16, "against FP32", on, output_of(context, &fp16, true));
}

void compare_quantized(const ParityContext& context, const std::vector<VariantFile>& files, std::vector<ArtifactReport>& reports,
                       std::vector<TwinReport>& twins) {
  auto* const cleaned = find(files, reports, "qcdq", "opt");
  auto* const packed = find(files, reports, "int4", "");
  auto* const integer = find(files, reports, "integer", "");
  auto* const unpack = find(files, reports, "unpack", "");
  auto* const main = cleaned ? cleaned : packed ? packed : unpack;
  const auto on = output_of(context, main, true);
  if (main != unpack) add_row(context, main, "optimisations on against off", output_of(context, main, false), on);
  for (const auto* dialect : {"qcdq", "int4", "unpack"}) {
    auto* const half = find(files, reports, dialect, "fp16");
    if (half) add_row(context, half, "against FP32 compute", on, output_of(context, half, true));
  }
  for (auto& twin : twins) compare_twin_outputs(context, reports, twin);
  compare_unpack(context, packed, unpack);
  if (!integer) return;
  const auto integer_on = output_of(context, integer, true);
  add_row(context, integer, "optimisations on against off", output_of(context, integer, false), integer_on);
  add_row(context, integer, "against the QCDQ file", on, integer_on);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "run/run_record.h"

#include <fmt/format.h>

#include "base/json_line.h"
#include "report/blame.h"
#include "report/metrics_json.h"
#include "report/report_json.h"
#include "report/task_words.h"
#include "run/environment.h"
#include "run/run_dir.h"
#include "run/versions.h"

namespace nibble {
namespace {

Parity parity_of(const PlacedJson& json) {
  return {json.at("what"), json.at("max_score"), json.at("max_box_px"), json.at("must_be_equal")};
}

Score score_of(const UntrustedRun& run, const PlacedJson& json) {
  const auto metrics = json.at("metrics").get<std::string>();
  Score score = score_from_document(run.json(metrics), metrics);
  score.detections_path = json.value("detections", "");
  const auto reference = std::string("reference_") + words_of(score.task).main;
  if (json.contains(reference)) score.reference_main = json.at(reference).get<double>();
  return score;
}

ArtifactReport artifact_of(const UntrustedRun& run, const PlacedJson& json) {
  ArtifactReport artifact;
  artifact.name = json.at("name").get<std::string>();
  artifact.recipe = json.at("recipe").get<std::string>();
  artifact.path = json.at("path").get<std::string>();
  artifact.bytes = json.at("bytes");
  artifact.sha256 = json.at("sha256").get<std::string>();
  artifact.loads = json.at("loads");
  artifact.finite = json.at("finite");
  artifact.problem = json.value("problem", "");
  for (const auto& row : json.at("parity").list()) artifact.parity.push_back(parity_of(row));
  if (json.contains("score")) artifact.score = score_of(run, json.at("score"));
  if (json.contains("runtime") && json.at("runtime").contains("time_ratio") && json.at("runtime").at("time_ratio").is_number())
    artifact.runtime.emplace().time_ratio = json.at("runtime").at("time_ratio").get<double>();
  if (json.contains("comparison")) {
    const auto path = json.at("comparison").get<std::string>();
    artifact.blame = blame_from_document(run.json(path), path);
  }
  return artifact;
}

/// Runs of versions that took detectors only do not say it.
TaskForm form_of(const PlacedJson& manifest) {
  const auto name = manifest.value("task", std::string(name_of(Task::detect)));
  const auto task = task_called(name);
  if (!task) manifest.at("task").refuse(fmt::format("'{}' is none of this version's", name));
  return {*task, {}, manifest.value("keypoints", std::int64_t{0})};
}

TwinReport twin_of(const PlacedJson& json) {
  TwinReport twin;
  twin.recipe = json.at("recipe").get<std::string>();
  twin.artifact = json.at("artifact").get<std::string>();
  twin.reference = json.at("reference").get<std::string>();
  twin.layers = json.at("layers");
  twin.codes = json.at("integers");
  if (json.at("dequantised").is_number()) twin.weights = json.at("dequantised");
  twin.difference = json.value("difference", "");
  if (!json.at("equal").get<bool>() && twin.difference.empty()) twin.difference = "not equal";
  return twin;
}

void compare(std::vector<std::string>& found, const std::string& what, const Json& before, const Json& now) {
  if (before == now) return;
  const auto text = [](const Json& value) { return value.is_string() ? value.get<std::string>() : json_line(value); };
  found.push_back(fmt::format("{}: {} then, {} now", what, text(before), text(now)));
}

}  // namespace

RunRecord read_run_record(const UntrustedRun& run) {
  const auto& manifest = run.manifest();
  RunRecord record;
  const auto settings = manifest.at("settings");
  record.smoke = settings.at("smoke");
  record.strict_gates = settings.at("strict_gates");
  record.resamples = settings.at("resamples");
  record.seed = manifest.at("seed");
  record.limits = read_gate_limits(run.config(RunNames::kGateLimits));
  auto& report = record.report;
  report.status = "done";
  report.model = manifest.at("model").get<std::string>();
  record.form = form_of(manifest);
  report.task = record.form.task;
  report.head = manifest.at("head").get<std::string>();
  report.resamples = record.smoke ? 0 : record.resamples;
  for (const auto& artifact : manifest.at("artifacts").list()) report.artifacts.push_back(artifact_of(run, artifact));
  for (const auto& twin : manifest.at("twins").list()) report.twins.push_back(twin_of(twin));
  for (const auto& recipe : manifest.at("recipes").texts())
    report.recipes.push_back(recipe_report_from_json(run.json(RunNames::layers(recipe)).at("recipe")));
  report.bad_data = manifest.at("bad_data").texts();
  return record;
}

std::vector<std::string> environment_differences(const UntrustedRun& run) {
  std::vector<std::string> found;
  const Json libraries = library_versions(), machine = machine_facts();
  const Json libraries_then = run.has("env/libraries.json") ? run.json("env/libraries.json").json() : Json::object();
  const Json machine_then = run.has("env/machine.json") ? run.json("env/machine.json").json() : Json::object();
  const auto then = [](const Json& json, const char* key) {
    return json.is_object() && json.contains(key) ? json.at(key) : Json("unknown");
  };
  for (const auto* name : {"nibble", "compiler", "LibTorch", "LibTorch detail", "ONNX Runtime", "OpenCV"})
    compare(found, fmt::format("version of {}", name), then(libraries_then, name), then(libraries, name));
  for (const auto* name : {"architecture", "cpu", "cpu_flags", "gpu_driver"})
    compare(found, fmt::format("machine: {}", name), then(machine_then, name), then(machine, name));
  return found;
}

}  // namespace nibble

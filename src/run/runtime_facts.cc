// SPDX-License-Identifier: Apache-2.0
#include "run/runtime_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>

#include "base/files.h"
#include "nibble/error.h"
#include "ort/profile.h"
#include "report/report_json.h"
#include "run/computing_key.h"
#include "run/run_checks.h"
#include "scoring/detect.h"
#include "scoring/interleaved_latency.h"
#include "scoring/level_check.h"
#include "scoring/step_check.h"

namespace nibble {
namespace {

constexpr int kProfiledRuns = 5;
constexpr std::int64_t kWarmupRounds = 2;
constexpr std::int64_t kRounds = 15;

std::vector<OpShare> shares_of(const RuntimeProfile& profile) {
  const double total = profile.total_us();
  std::vector<OpShare> shares;
  for (const auto& op : profile.ops()) shares.push_back({op.op, op.nodes, total > 0 ? op.us / total : 0});
  return shares;
}

/// The INT4 file that computes in float32, by the end of artifact_name.
bool is_int4(const ArtifactReport& artifact) { return artifact.name.ends_with("-int4-ptq") || artifact.name.ends_with("-int4-qat"); }

/// What was scored, and INT4 files beside it: how fast they are depends on a session option.
std::vector<ArtifactReport*> observed_files(Report& report) {
  std::vector<ArtifactReport*> files;
  const auto is_scored = [](const auto& artifact) { return artifact.score.has_value(); };
  if (std::none_of(report.artifacts.begin(), report.artifacts.end(), is_scored)) return files;
  for (auto& artifact : report.artifacts)
    if (artifact.finite && (artifact.score || is_int4(artifact))) files.push_back(&artifact);
  return files;
}

/// What the runtime refuses at one level is a finding about it, not the end of a run that has scored the file.
RuntimeFacts facts_of(const std::filesystem::path& model, const DetectorFile& detector, const Tensor& input,
                      const RuntimeOptions& runtime) {
  RuntimeFacts facts;
  try {
    const auto profile = profile_model(model, session_options(runtime, true), {input}, kProfiledRuns);
    facts.nodes_by_provider = profile.nodes_by_provider();
    facts.ops = shares_of(profile);
    facts.levels = check_levels(model, detector, {input}, runtime);
    facts.steps = check_steps(model, {input}, runtime);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    facts.problem = error.what();
  }
  return facts;
}

/// `folded`: sessions of INT4 files, by place in `files`, in which the runtime folds their weights.
void compare_times(const std::vector<ArtifactReport*>& files, const std::vector<DetectorFile>& detectors,
                   const std::map<std::size_t, Session>& folded, const Tensor& input, Progress& progress) {
  const auto is_baseline = [](const ArtifactReport* file) { return file->recipe.empty(); };
  const auto baseline = std::find_if(files.begin(), files.end(), is_baseline) - files.begin();
  if (baseline == static_cast<std::ptrdiff_t>(files.size())) return;
  std::vector<const Session*> sessions;
  for (const auto& detector : detectors) sessions.push_back(&detector.session);
  for (const auto& [place, session] : folded) sessions.push_back(&session);
  const auto latencies = measure_interleaved(sessions, std::vector<Tensor>(sessions.size(), input), kWarmupRounds, kRounds, progress);
  const double reference_ms = latencies[static_cast<std::size_t>(baseline)].median_ms;
  for (std::size_t i = 0; i < files.size(); ++i) files[i]->runtime->time_ratio = latencies[i].median_ms / reference_ms;
  auto next = files.size();
  for (const auto& [place, session] : folded) files[place]->runtime->folded_time_ratio = latencies[next++].median_ms / reference_ms;
}

/// Times are compared in turns, so it is all files or none; with another processor or library the runtime does other things.
std::string key_of_all(const std::vector<ArtifactReport*>& files, const RunPlan& plan, const Tensor& input) {
  Json hashes = Json::array();
  for (const auto* file : files) hashes.push_back(file->sha256);
  return key_of(
      {{"files", hashes}, {"input", sha256_of(std::as_bytes(input.as<float>()))}, {"computing", computing_key(plan.options.runtime)}});
}

/// False where no earlier attempt left them.
bool read_back(const std::vector<ArtifactReport*>& files, const std::string& key, const RunDirectory& directory) {
  if (!directory.has(RunNames::kRuntime, key)) return false;
  const auto facts = read_earlier_json(directory.path(RunNames::kRuntime));
  for (auto* file : files) file->runtime = runtime_facts_from_json(facts.at(file->name));
  return true;
}

void keep(const std::vector<ArtifactReport*>& files, const std::string& key, RunDirectory& directory) {
  Json facts = Json::object();
  for (const auto* file : files) facts[file->name] = to_json(*file->runtime);
  write_json(directory.path(RunNames::kRuntime), facts);
  directory.record(RunNames::kRuntime, key);
}

}  // namespace

void observe_runtime(const RunPlan& plan, RunJournal& journal) {
  const auto files = observed_files(journal.report());
  if (files.empty()) return;
  const auto input = probe_for(plan, journal);
  const auto key = key_of_all(files, plan, input);
  if (read_back(files, key, journal.directory())) return;
  auto& progress = journal.progress();
  progress.begin("what the runtime does", static_cast<std::int64_t>(files.size()));
  std::vector<DetectorFile> detectors;
  std::map<std::size_t, Session> folded;
  auto folding = plan.options.runtime;
  folding.session_options.insert_or_assign("session.disable_quant_qdq", std::string("1"));
  for (auto* artifact : files) {
    const auto model = journal.directory().path(artifact->path);
    detectors.push_back(open_any_task(model, plan.options.runtime, true, {}));
    artifact->runtime = facts_of(model, detectors.back(), input, plan.options.runtime);
    if (is_int4(*artifact)) folded.emplace(detectors.size() - 1, open_session(model, folding, true));
    progress.step(artifact->name);
  }
  progress.end(fmt::format("{} files", files.size()));
  compare_times(files, detectors, folded, input, progress);
  keep(files, key, journal.directory());
}

}  // namespace nibble

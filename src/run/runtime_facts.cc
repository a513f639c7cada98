// SPDX-License-Identifier: Apache-2.0
#include "run/runtime_facts.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/image.h"
#include "nibble/error.h"
#include "ort/profile.h"
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

std::vector<ArtifactReport*> scored_files(Report& report) {
  std::vector<ArtifactReport*> files;
  for (auto& artifact : report.artifacts)
    if (artifact.score) files.push_back(&artifact);
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

void compare_times(const std::vector<ArtifactReport*>& files, const std::vector<DetectorFile>& detectors, const Tensor& input,
                   Progress& progress) {
  const auto is_baseline = [](const ArtifactReport* file) { return file->recipe.empty(); };
  const auto baseline = std::find_if(files.begin(), files.end(), is_baseline) - files.begin();
  if (baseline == static_cast<std::ptrdiff_t>(files.size())) return;
  std::vector<const Session*> sessions;
  for (const auto& detector : detectors) sessions.push_back(&detector.session);
  const auto latencies = measure_interleaved(sessions, std::vector<Tensor>(files.size(), input), kWarmupRounds, kRounds, progress);
  const double reference_ms = latencies[static_cast<std::size_t>(baseline)].median_ms;
  for (std::size_t i = 0; i < files.size(); ++i) files[i]->runtime->time_ratio = latencies[i].median_ms / reference_ms;
}

}  // namespace

void observe_runtime(const RunPlan& plan, RunJournal& journal) {
  const auto files = scored_files(journal.report());
  if (files.empty()) return;
  const auto& set = plan.evaluation;
  const auto input = stack_images({read_network_image(image_path(set, set.dataset.images.front()), plan.options.image_size)});
  auto& progress = journal.progress();
  progress.begin("what the runtime does", static_cast<std::int64_t>(files.size()));
  std::vector<DetectorFile> detectors;
  for (auto* artifact : files) {
    const auto model = journal.directory().path(artifact->path);
    detectors.push_back(open_detector(model, plan.options.runtime, true, 0));
    artifact->runtime = facts_of(model, detectors.back(), input, plan.options.runtime);
    progress.step(artifact->name);
  }
  progress.end(fmt::format("{} files", files.size()));
  compare_times(files, detectors, input, progress);
}

}  // namespace nibble

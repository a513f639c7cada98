// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "base/output_path.h"
#include "data/coco.h"
#include "data/image.h"
#include "nibble/error.h"
#include "nibble/run.h"
#include "ort/parity.h"
#include "ort/profile.h"
#include "report/report_json.h"
#include "report/runtime_row.h"
#include "scoring/detect.h"
#include "scoring/interleaved_latency.h"
#include "scoring/level_check.h"
#include "scoring/step_check.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kWarmupRounds = 3;
constexpr int kProfiledRuns = 10;
constexpr std::int64_t kLevelImages = 4;
constexpr std::size_t kTopNodes = 10;
constexpr double kShownShare = 0.005;  ///< of the time; rarer operators are summed up

struct ModelProfile {
  fs::path model;
  std::string kind;
  std::vector<LevelAgreement> levels;
  QuantizerSteps steps;
  RuntimeProfile profile;
  Latency latency;
};

/// What the file is fed; the first one is timed.
std::vector<Tensor> inputs_for(const DetectorFile& detector, const ProfileOptions& options) {
  if (options.images.empty() || options.images == "random")
    return random_inputs(detector.session, options.runtime.seed, detector.image_size);
  std::vector<Tensor> inputs;
  for (const auto& file : list_image_files(options.images, kLevelImages))
    inputs.push_back(network_input(read_network_image(file, detector.image_size), detector));
  return inputs;
}

std::vector<ModelProfile> profile_all(const ProfileOptions& options, Progress& progress) {
  std::vector<DetectorFile> detectors;
  std::vector<const Session*> sessions;
  std::vector<Tensor> first_inputs;
  std::vector<ModelProfile> profiles;
  for (const auto& model : options.models) detectors.push_back(open_detector(model, options.runtime, true, 0, options.file));
  progress.begin("levels and nodes", static_cast<std::int64_t>(detectors.size()));
  for (std::size_t i = 0; i < detectors.size(); ++i) {
    const auto& model = options.models[i];
    const auto inputs = inputs_for(detectors[i], options);
    profiles.push_back({model,
                        std::string(name_of(detectors[i].layout)),
                        check_levels(model, detectors[i], inputs, options.runtime),
                        check_steps(model, inputs, options.runtime),
                        profile_model(model, session_options(options.runtime, true), {inputs.front()}, kProfiledRuns),
                        {}});
    sessions.push_back(&detectors[i].session);
    first_inputs.push_back(inputs.front());
    progress.step(model.filename().string());
  }
  progress.end();
  const auto latencies = measure_interleaved(sessions, first_inputs, kWarmupRounds, options.runs, progress);
  for (std::size_t i = 0; i < profiles.size(); ++i) profiles[i].latency = latencies[i];
  return profiles;
}

double ratio_of(const ModelProfile& profile, const ModelProfile& first) { return profile.latency.median_ms / first.latency.median_ms; }

std::string times_text(const std::vector<ModelProfile>& profiles) {
  std::string text = fmt::format("{:<44} {:>10} {:>8} {:>7}  {}\n", "times, in turns", "median ms", "p90 ms", "ratio", "nodes");
  for (const auto& profile : profiles) {
    std::vector<std::string> places;
    for (const auto& [provider, count] : profile.profile.nodes_by_provider()) places.push_back(fmt::format("{} on {}", count, provider));
    text += fmt::format("{:<44} {:>10.1f} {:>8.1f} {:>6.2f}x  {}\n", profile.model.filename().string(), profile.latency.median_ms,
                        profile.latency.p90_ms, ratio_of(profile, profiles.front()), fmt::join(places, ", "));
  }
  return text;
}

std::string levels_text(const ModelProfile& profile) {
  std::string text =
      fmt::format("  {:<32} {:>10} {:>11}  {:<26} {:>9} {:>8}\n", "against cpu, optimisations off",
                  profile.kind == "raw" ? "any logit" : "any score", "any box px", "detections (score 0.25)", "score", "box px");
  for (const auto& row : profile.levels)
    text +=
        fmt::format("  {:<32} {:>10.2g} {:>11.2g}  {:<26} {:>9.2g} {:>8.2g}\n",
                    fmt::format("{}, optimisations {}", row.provider, row.level), row.max_score, row.max_box_px,
                    row.same_detections() ? fmt::format("the same {}", row.matched)
                                          : fmt::format("{} of {} again, {} found", row.matched, row.reference_detections, row.detections),
                    row.matched_score, row.matched_box_px);
  return text + fmt::format("  {:<32} {}\n", "codes of activations, cpu all", steps_text(profile.steps));
}

std::string ops_text(const RuntimeProfile& profile) {
  const double total = profile.total_us();
  std::string text = fmt::format("  {:<24} {:>6} {:>9} {:>7}\n", "operators as run", "nodes", "ms", "share");
  int rare_nodes = 0;
  double rare_us = 0;
  for (const auto& op : profile.ops()) {
    if (op.us < kShownShare * total) {
      rare_nodes += op.nodes;
      rare_us += op.us;
      continue;
    }
    text += fmt::format("  {:<24} {:>6} {:>9.2f} {:>6.1f}%\n", op.op, op.nodes, op.us / 1000, 100 * op.us / total);
  }
  if (rare_nodes > 0)
    text += fmt::format("  {:<24} {:>6} {:>9.2f} {:>6.1f}%\n", "others", rare_nodes, rare_us / 1000, 100 * rare_us / total);
  return text;
}

std::string nodes_text(const RuntimeProfile& profile) {
  std::string text = fmt::format("  {:<60} {:<20} {:>9}\n", "most expensive nodes", "operator", "ms");
  for (std::size_t i = 0; i < std::min(kTopNodes, profile.nodes.size()); ++i) {
    const auto& node = profile.nodes[i];
    text += fmt::format("  {:<60} {:<20} {:>9.2f}\n", node.name, node.op, node.median_us / 1000);
  }
  return text;
}

std::string to_text(const std::vector<ModelProfile>& profiles) {
  std::string text = times_text(profiles);
  for (const auto& profile : profiles)
    text += fmt::format("\n{} ({})\n{}{}{}", profile.model.string(), profile.kind, levels_text(profile), ops_text(profile.profile),
                        nodes_text(profile.profile));
  return text;
}

Json to_json(const ModelProfile& profile, const ModelProfile& first) {
  Json levels = Json::array(), ops = Json::array(), nodes = Json::array();
  for (const auto& row : profile.levels) levels.push_back(to_json(row));
  for (const auto& op : profile.profile.ops()) ops.push_back({{"op", op.op}, {"nodes", op.nodes}, {"ms", op.us / 1000}});
  for (const auto& node : profile.profile.nodes)
    nodes.push_back({{"name", node.name}, {"op", node.op}, {"provider", node.provider}, {"ms", node.median_us / 1000}});
  return {{"model", profile.model.string()},
          {"output", profile.kind},
          {"median_ms", profile.latency.median_ms},
          {"p90_ms", profile.latency.p90_ms},
          {"runs", profile.latency.runs},
          {"ratio", ratio_of(profile, first)},
          {"nodes_by_provider", profile.profile.nodes_by_provider()},
          {"levels", levels},
          {"steps", to_json(profile.steps)},
          {"ops", ops},
          {"nodes", nodes}};
}

}  // namespace

std::string profile(const ProfileOptions& options, Progress& progress) {
  if (options.models.empty()) throw Error(ErrorKind::usage, "profile: no model; name one or more .onnx files");
  if (!options.json.empty()) refuse_same_file(options.json, options.models);
  require_provider(options.runtime.provider);
  const auto profiles = profile_all(options, progress);
  if (!options.json.empty()) {
    Json rows = Json::array();
    for (const auto& each : profiles) rows.push_back(to_json(each, profiles.front()));
    write_json(options.json, {{"runtime", onnx_runtime_info().version}, {"threads", options.runtime.threads}, {"models", rows}});
  }
  return to_text(profiles);
}

}  // namespace nibble

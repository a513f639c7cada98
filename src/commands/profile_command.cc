// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check_options.h"
#include "base/files.h"
#include "base/json.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "data/coco.h"
#include "data/image.h"
#include "nibble/error.h"
#include "nibble/profile.h"
#include "ort/profile.h"
#include "ort/random_run.h"
#include "report/report_json.h"
#include "scoring/detect.h"
#include "scoring/interleaved_latency.h"
#include "scoring/level_check.h"
#include "scoring/step_check.h"
#include "text/result_text.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kWarmupRounds = 3;
constexpr int kProfiledRuns = 10;
constexpr std::int64_t kLevelImages = 4;

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
  for (const auto& model : options.models) detectors.push_back(open_any_task(model, options.runtime, true, options.file));
  progress.begin("levels and nodes", static_cast<std::int64_t>(detectors.size()));
  for (std::size_t i = 0; i < detectors.size(); ++i) {
    const auto& model = options.models[i];
    const auto inputs = inputs_for(detectors[i], options);
    ModelProfile profile;
    profile.model = model;
    profile.head = detectors[i].is_classifier ? "classes" : std::string(name_of(detectors[i].layout));
    profile.levels = check_levels(model, detectors[i], inputs, options.runtime);
    profile.steps = check_steps(model, inputs, options.runtime);
    auto nodes = profile_model(model, session_options(options.runtime, true), {inputs.front()}, kProfiledRuns);
    profile.nodes_by_provider = nodes.nodes_by_provider();
    profile.total_us = nodes.total_us();
    profile.ops = nodes.ops();
    profile.nodes = std::move(nodes.nodes);
    profiles.push_back(std::move(profile));
    sessions.push_back(&detectors[i].session);
    first_inputs.push_back(inputs.front());
    progress.step(model.filename().string());
  }
  progress.end();
  const auto latencies = measure_interleaved(sessions, first_inputs, kWarmupRounds, options.runs, progress);
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    profiles[i].latency = latencies[i];
    profiles[i].ratio = latencies[i].median_ms / latencies.front().median_ms;
  }
  return profiles;
}

Json to_json(const ModelProfile& profile) {
  Json levels = Json::array(), ops = Json::array(), nodes = Json::array();
  for (const auto& row : profile.levels) levels.push_back(to_json(row));
  for (const auto& op : profile.ops) ops.push_back({{"op", op.op}, {"nodes", op.nodes}, {"ms", op.us / 1000}});
  for (const auto& node : profile.nodes)
    nodes.push_back({{"name", node.name}, {"op", node.op}, {"provider", node.provider}, {"ms", node.median_us / 1000}});
  return {{"model", profile.model.string()},
          {"output", profile.head},
          {"median_ms", profile.latency.median_ms},
          {"p90_ms", profile.latency.p90_ms},
          {"runs", profile.latency.runs},
          {"ratio", profile.ratio},
          {"nodes_by_provider", profile.nodes_by_provider},
          {"levels", levels},
          {"steps", to_json(profile.steps)},
          {"ops", ops},
          {"nodes", nodes}};
}

}  // namespace

ProfileResult profile(const ProfileOptions& options, Progress& listener) {
  check_options(options);
  if (options.models.empty()) throw Error(ErrorKind::usage, "profile: no model; name one or more .onnx files");
  check_paths(paths_of(options));
  require_provider(options.runtime.provider);
  WatchedProgress progress(listener);
  ProfileResult result{onnx_runtime_info().version, profile_all(options, progress)};
  if (options.json.empty()) return result;
  Json rows = Json::array();
  for (const auto& each : result.models) rows.push_back(to_json(each));
  const Json document = {{"runtime", result.runtime_version}, {"threads", options.runtime.threads}, {"models", rows}};
  write_or_show(text_of(result), {[&] { write_json(options.json, document); }});
  return result;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <set>

#include "base/check_options.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "commands/replay_inputs.h"
#include "export/twin.h"
#include "nibble/error.h"
#include "report/task_words.h"
#include "run/run_dir.h"
#include "run/run_record.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// What decides the networks. Scores are compared as numbers; reports hold times.
bool is_compared(const std::string& path) {
  return path.starts_with("onnx/") ||
         (path.starts_with("config/") && path != RunNames::kGroundTruth && path != RunNames::kGateLimits && path != RunNames::kImages) ||
         path.ends_with("/detections.json");
}

ReplayedFile compare_file(const UntrustedRun& before, const UntrustedRun& after, const std::string& path) {
  using Outcome = ReplayedFile::Outcome;
  if (!before.has(path) || !after.has(path))
    return {path, Outcome::missing, before.has(path) ? "only the run has it" : "only the replay has it"};
  const auto &claimed = before.manifest().at("files").at(path), &found = after.manifest().at("files").at(path);
  if (claimed.at("sha256") == found.at("sha256")) return {path, Outcome::same_bytes, ""};
  if (!path.ends_with(".onnx")) return {path, Outcome::different, "other bytes"};
  try {
    const auto twins = compare_twins(before.file(path), after.file(path));
    if (!twins.codes_differ.empty()) return {path, Outcome::different, twins.codes_differ};
    return {path, Outcome::same_codes, twins.weights_differ.empty() ? "the same integers and numbers, other bytes" : twins.weights_differ};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return {path, Outcome::different, error.what()};
  }
}

std::vector<ReplayedFile> compare_files(const UntrustedRun& before, const UntrustedRun& after) {
  std::set<std::string> paths;
  for (const auto* run : {&before, &after})
    for (const auto& [path, entry] : run->manifest().at("files").items())
      if (is_compared(path)) paths.insert(path);
  std::vector<ReplayedFile> files;
  for (const auto& path : paths) files.push_back(compare_file(before, after, path));
  return files;
}

double score_in(const Json& manifest, const std::string& name) {
  const auto task = task_called(manifest.value("task", std::string(name_of(Task::detect)))).value_or(Task::detect);
  const auto* main = words_of(task).main;
  for (const auto& artifact : manifest.at("artifacts"))
    if (artifact.at("name") == name && artifact.contains("score")) return artifact.at("score").at(main).get<double>();
  return -1;
}

std::vector<ReplayedScore> compare_scores(const Json& before, const Json& after) {
  std::vector<ReplayedScore> scores;
  for (const auto& artifact : before.at("artifacts")) {
    if (!artifact.contains("score")) continue;
    const auto name = artifact.at("name").get<std::string>();
    scores.push_back({name, score_in(before, name), score_in(after, name)});
  }
  return scores;
}

/// Images that the two runs read with other content, by name.
void note_other_images(const UntrustedRun& before, const UntrustedRun& after, std::vector<std::string>& reasons) {
  const auto then = before.json(RunNames::kImages).at("scored"), now = after.json(RunNames::kImages).at("scored");
  if (then.size() != now.size()) {
    reasons.push_back(fmt::format("image: {} were scored then, {} now", then.size(), now.size()));
    return;
  }
  for (std::size_t i = 0; i < then.size(); ++i)
    if (then[i].at("sha256") != now[i].at("sha256"))
      reasons.push_back(fmt::format("image: scored image {} has other content", then[i].at("file").get<std::string>()));
}

}  // namespace

ReplayResult replay(const ReplayOptions& options, Progress& listener) {
  check_options(options);
  check_paths(paths_of(options));
  WatchedProgress progress(listener);
  const auto before = UntrustedRun::open(options.run_dir);
  const TemporaryFolder scratch;
  auto inputs = find_inputs(before, options, scratch);
  ReplayResult result{run(inputs.run, progress), {}, {}, std::move(inputs.reasons)};
  const auto after = UntrustedRun::open(result.run.directory);
  try {
    for (const auto& reason : environment_differences(before)) result.reasons.push_back(reason);
    note_other_images(before, after, result.reasons);
    result.files = compare_files(before, after);
    result.scores = compare_scores(before.manifest(), after.manifest());
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::input, fmt::format("replay: {}: run.json: {}; the new run lies in {}", before.root().string(), error.what(),
                                              result.run.directory.string()));
  }
  return result;
}

}  // namespace nibble

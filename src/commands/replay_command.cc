// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
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

/// What two runs are compared by.
struct Claims {
  std::map<std::string, std::string> sha256;  ///< of the files that decide the networks, by path
  std::vector<std::pair<std::string, double>> scores;
  struct Image {
    std::string file, sha256;
  };
  std::vector<Image> scored;
};

Claims claims_of(const UntrustedRun& run) {
  const auto& manifest = run.manifest();
  Claims claims;
  for (const auto& [path, entry] : manifest.at("files").members())
    if (is_compared(path)) claims.sha256[path] = entry.at("sha256").get<std::string>();
  const auto task = task_called(manifest.value("task", std::string(name_of(Task::detect)))).value_or(Task::detect);
  for (const auto& artifact : manifest.at("artifacts").list())
    if (artifact.contains("score"))
      claims.scores.emplace_back(artifact.at("name").get<std::string>(), artifact.at("score").at(words_of(task).main).get<double>());
  for (const auto& image : run.json(RunNames::kImages).at("scored").list()) claims.scored.push_back({image.at("file"), image.at("sha256")});
  return claims;
}

struct ReplayedRun {
  const UntrustedRun& run;
  const Claims& claims;
};

ReplayedFile compare_file(const ReplayedRun& before, const ReplayedRun& after, const std::string& path) {
  using Outcome = ReplayedFile::Outcome;
  if (!before.run.has(path) || !after.run.has(path))
    return {path, Outcome::missing, before.run.has(path) ? "only the run has it" : "only the replay has it"};
  const auto claimed = before.claims.sha256.find(path), found = after.claims.sha256.find(path);
  if (claimed == before.claims.sha256.end() || found == after.claims.sha256.end())
    return {path, Outcome::missing, "run.json of one of the two does not list it"};
  if (claimed->second == found->second) return {path, Outcome::same_bytes, ""};
  if (!path.ends_with(".onnx")) return {path, Outcome::different, "other bytes"};
  try {
    const auto twins = compare_twins(before.run.file(path), after.run.file(path));
    if (!twins.codes_differ.empty()) return {path, Outcome::different, twins.codes_differ};
    return {path, Outcome::same_codes, twins.weights_differ.empty() ? "the same integers and numbers, other bytes" : twins.weights_differ};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return {path, Outcome::different, error.what()};
  }
}

std::vector<ReplayedFile> compare_files(const ReplayedRun& before, const ReplayedRun& after) {
  std::set<std::string> paths;
  for (const auto* claims : {&before.claims, &after.claims})
    for (const auto& [path, sha256] : claims->sha256) paths.insert(path);
  std::vector<ReplayedFile> files;
  for (const auto& path : paths) files.push_back(compare_file(before, after, path));
  return files;
}

std::vector<ReplayedScore> compare_scores(const Claims& before, const Claims& after) {
  std::vector<ReplayedScore> scores;
  for (const auto& [name, score] : before.scores) {
    const auto found =
        std::find_if(after.scores.begin(), after.scores.end(), [&name = name](const auto& row) { return row.first == name; });
    scores.push_back({name, score, found == after.scores.end() ? -1 : found->second});
  }
  return scores;
}

/// Images that the two runs read with other content, by name.
void note_other_images(const std::vector<Claims::Image>& then, const std::vector<Claims::Image>& now, std::vector<std::string>& reasons) {
  if (then.size() != now.size()) {
    reasons.push_back(fmt::format("image: {} were scored then, {} now", then.size(), now.size()));
    return;
  }
  for (std::size_t i = 0; i < then.size(); ++i)
    if (then[i].sha256 != now[i].sha256) reasons.push_back(fmt::format("image: scored image {} has other content", then[i].file));
}

}  // namespace

ReplayResult replay(const ReplayOptions& options, Progress& listener) {
  check_options(options);
  check_paths(paths_of(options));
  WatchedProgress progress(listener);
  const auto before = UntrustedRun::open(options.run_dir);
  const auto claimed = claims_of(before);  // before the run, which takes minutes
  auto reasons = environment_differences(before);
  const TemporaryFolder scratch;
  auto inputs = find_inputs(before, options, scratch);
  ReplayResult result{run(inputs.run, progress), {}, {}, std::move(inputs.reasons)};
  const auto after = UntrustedRun::open(result.run.directory);
  const auto found = claims_of(after);
  for (auto& reason : reasons) result.reasons.push_back(std::move(reason));
  note_other_images(claimed.scored, found.scored, result.reasons);
  result.files = compare_files({before, claimed}, {after, found});
  result.scores = compare_scores(claimed, found);
  return result;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "commands/verify_claims.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

#include "base/files.h"
#include "base/shared_data.h"
#include "eval/findings.h"
#include "eval/task_numbers.h"
#include "export/twin.h"
#include "nibble/error.h"
#include "report/metrics_json.h"
#include "report/report_json.h"
#include "report/summary.h"
#include "report/task_words.h"
#include "report/variant_row.h"
#include "run/run_dir.h"
#include "scoring/eval_set.h"
#include "scoring/score_model.h"
#include "scoring/task_set.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// Numbers computed again by the same operations: other compilers may sum in another order.
constexpr double kSameNumber = 1e-9;
/// mAP of the same file on the same images, on another processor or with other libraries.
constexpr double kSameScore = 2e-3;

void add(Checks& checks, const std::string& what, const std::string& subject, bool holds, const std::string& detail) {
  checks.push_back({what, subject, holds ? CheckOutcome::holds : CheckOutcome::broken, detail});
}

void skip(Checks& checks, const std::string& what, const std::string& subject, const std::string& why) {
  checks.push_back({what, subject, CheckOutcome::not_checked, why});
}

/// Runs `body`; what it throws as Error(input) or Error(unsupported) is a broken claim. Names that leave the folder were refused before.
template <class Body>
void attempt(Checks& checks, const std::string& what, const std::string& subject, Body body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::environment) throw;
    add(checks, what, subject, false, error.what());
  }
}

std::string text_of(const Json& value) { return value.dump(-1, ' ', true, Json::error_handler_t::replace); }

/// The place of the first difference, or nothing. Numbers may differ by kSameNumber.
std::optional<std::string> first_difference(const Json& claimed, const Json& found, const std::string& path = "") {
  if (claimed.is_number() && found.is_number())
    return std::abs(claimed.get<double>() - found.get<double>()) <= kSameNumber
               ? std::nullopt
               : std::optional(fmt::format("{}: {} is claimed, {} was found", path, text_of(claimed), text_of(found)));
  if (claimed.type() != found.type() || !claimed.is_structured())
    return claimed == found ? std::nullopt
                            : std::optional(fmt::format("{}: {} is claimed, {} was found", path, text_of(claimed), text_of(found)));
  if (claimed.size() != found.size()) return fmt::format("{}: {} entries are claimed, {} were found", path, claimed.size(), found.size());
  if (claimed.is_array()) {
    for (std::size_t i = 0; i < claimed.size(); ++i)
      if (auto difference = first_difference(claimed[i], found[i], fmt::format("{}[{}]", path, i))) return difference;
    return std::nullopt;
  }
  for (const auto& [key, value] : found.items()) {
    const auto place = path.empty() ? key : path + "." + key;
    if (!claimed.contains(key)) return place + ": is missing";
    if (auto difference = first_difference(claimed.at(key), value, place)) return difference;
  }
  return std::nullopt;
}

// ---- hashes

/// Written in every run without standing in the manifest.
bool is_expected(const std::string& file) {
  static const std::set<std::string> names = {"run.json", ".lock", "env/libraries.json", "env/machine.json", "config/image-ids.txt"};
  return names.contains(file) || file.starts_with("logs/") || file.ends_with("-calibration-images.txt") ||
         file.find("/events/") != std::string::npos;
}

void check_file(const UntrustedRun& run, const std::string& path, const Json& entry, Checks& checks) {
  run.require_inside(path);
  if (!run.has(path)) return add(checks, "hash", path, false, "the file is missing");
  const auto place = run.file(path);
  const auto bytes = fs::file_size(place);
  if (!entry.is_object() || !entry.contains("bytes") || !entry.contains("sha256"))
    return add(checks, "hash", path, false, "run.json gives no size and hash");
  if (entry.at("bytes") != bytes)
    return add(checks, "hash", path, false, fmt::format("has {} bytes, run.json says {}", bytes, text_of(entry.at("bytes"))));
  const auto hash = sha256_of_file(place);
  add(checks, "hash", path, entry.at("sha256") == hash, fmt::format("sha256 {}", hash));
}

// ---- scores

Json description_of(const CocoDataset& truth) {
  Json ids = Json::array();
  for (const auto& image : truth.images) ids.push_back(image.id);
  return {{"count", truth.images.size()}, {"ids_sha256", key_of(ids)}};
}

/// The objects of the scored images as the run saved them. No image is looked at where its size stands there.
EvalSet read_truth(const UntrustedRun& run, const RunRecord& record) {
  DataOptions data;
  data.annotations = run.file(RunNames::kGroundTruth, RunLimits::kRecords);
  return open_task_annotations(record.form, data, nullptr);
}

void check_score_entry(const ArtifactReport& artifact, const PlacedJson& entry, Checks& checks) {
  const auto& score = *artifact.score;
  Json claimed = Json::object();
  const Json found = numbers_json(score);
  for (const auto& [key, value] : found.items()) claimed[key] = entry.contains(key) ? entry.at(key).json() : Json(nullptr);
  const auto difference = first_difference(claimed, found);
  add(checks, "score", "run.json: " + artifact.name, !difference,
      difference.value_or(fmt::format("{} {:.4f}", words_of(score.task).main, score.main)));
}

const char* main_of(const RunRecord& record) { return words_of(record.form.task).main; }

struct Scored {
  std::string metrics, detections;
};

/// metrics.json against what its detections come to. Returns the numbers found.
std::optional<TaskNumbers> rescore(const UntrustedRun& run, const Scored& scored, const EvalSet& truth, const RunRecord& record,
                                   const TaskNumbers* baseline, Checks& checks) {
  std::optional<TaskNumbers> found;
  attempt(checks, "score", scored.metrics, [&] {
    const auto findings = read_findings(run.file(scored.detections, RunLimits::kRecords), record.form.task).findings;
    found = evaluate_task(truth.dataset, truth.truth, findings, {record.resamples, record.seed, 0});
    if (baseline) measure_changes(*found, *baseline);
    const auto claimed = run.json(scored.metrics);
    std::optional<std::string> difference;
    const Json recomputed = to_json(*found);
    for (const auto& [name, numbers] : recomputed.items())
      if (!difference) difference = first_difference(claimed.at(name).json(), numbers);
    add(checks, "score", scored.metrics, !difference,
        difference.value_or(fmt::format("{} {:.4f} from {} detections on {} images", main_of(record), main_number(*found),
                                        findings.boxes.size(), truth.dataset.images.size())));
  });
  return found;
}

/// The score that the numbers found make, with times as claimed: they cannot be found again.
void take_numbers(const UntrustedRun& run, const TaskNumbers& found, Score& score) {
  Json document = run.json(score.metrics_path).json();
  document["task"] = name_of(found.task);
  const Json recomputed = to_json(found);
  for (const auto& [name, numbers] : recomputed.items()) document[name] = numbers;
  const auto detections = score.detections_path;
  const auto reference = score.reference_main;
  score = score_from_document(document, score.metrics_path);
  score.detections_path = detections;
  score.reference_main = reference;
}

void check_reference(const UntrustedRun& run, const EvalSet& truth, const RunRecord& record, const Score& score, Checks& checks) {
  const std::string ending = "-coco/metrics.json";
  const auto path = score.metrics_path.substr(0, score.metrics_path.size() - ending.size()) + "-reference" + ending;
  const auto found = rescore(run, {path, RunNames::detections(path)}, truth, record, nullptr, checks);
  if (found)
    add(checks, "score", "run.json: " + path, std::abs(main_number(*found) - *score.reference_main) <= kSameNumber,
        fmt::format("reference {} {:.4f}", main_of(record), main_number(*found)));
}

// ---- twins

const ArtifactReport* artifact_called(const RunRecord& record, const std::string& name) {
  for (const auto& artifact : record.report.artifacts)
    if (artifact.name == name) return &artifact;
  return nullptr;
}

void check_pair(const UntrustedRun& run, const RunRecord& record, const TwinReport& twin, Checks& checks) {
  const auto* file = artifact_called(record, twin.artifact);
  const auto* reference = artifact_called(record, twin.reference);
  if (!file || !reference) return add(checks, "twins", twin.artifact, false, "run.json has no such pair of files");
  const bool is_integer = twin.artifact.find("-integer-") != std::string::npos;
  const auto found = compare_twins(run.file(reference->path), run.file(file->path), is_integer ? Biases::rounded : Biases::equal);
  auto difference = found.codes_differ;
  if (difference.empty() && twin.weights > 0) difference = found.weights_differ;
  const bool counts = found.codes == twin.codes && found.layers == twin.layers && (twin.weights == 0 || found.weights == twin.weights);
  if (difference.empty() && !counts)
    difference =
        fmt::format("{} integers in {} layers were compared, run.json says {} in {}", found.codes, found.layers, twin.codes, twin.layers);
  const bool as_claimed = difference.empty() == twin.difference.empty();
  add(checks, "twins", twin.artifact, as_claimed,
      difference.empty() ? fmt::format("{} integers as in {}", found.codes, twin.reference) : difference);
}

// ---- scoring again

fs::path images_of(const PlacedJson& evaluation, const fs::path& asked) {
  if (!asked.empty()) return asked;
  const auto recorded = evaluation.at("images").get<std::string>();
  return recorded.starts_with("assets/") ? shared_data(recorded) : fs::path(recorded);
}

/// The first image that is missing or has other content than the run's; nothing where all are the run's.
std::optional<std::string> other_image(const EvalSet& set, const std::vector<PlacedJson>& hashes) {
  const auto files = image_paths(set);
  if (hashes.size() != files.size()) return "config/images.json does not list the scored images";
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::error_code code;
    if (!fs::is_regular_file(files[i], code)) return fmt::format("{}: no such image; say with --images where they are", files[i].string());
    if (hashes[i].at("sha256").get<std::string>() != sha256_of_file(files[i]))
      return fmt::format("{}: has other content than the run's image", files[i].string());
  }
  return std::nullopt;
}

}  // namespace

void check_hashes(const UntrustedRun& run, Checks& checks, Progress& progress) {
  const auto listed = run.manifest().at("files");
  const Json& files = listed.json();
  progress.begin("hashes", static_cast<std::int64_t>(files.size()));
  for (const auto& [path, entry] : files.items()) {
    check_file(run, path, entry, checks);
    progress.step(path);
  }
  progress.end(fmt::format("{} files", files.size()));
  attempt(checks, "hash", "run.json", [&] {
    for (const auto& artifact : run.manifest().at("artifacts").list()) {
      const auto path = artifact.at("path").get<std::string>();
      const bool same = listed.contains(path) && listed.at(path).at("sha256").json() == artifact.at("sha256").json() &&
                        listed.at(path).at("bytes").json() == artifact.at("bytes").json();
      add(checks, "hash", "run.json: " + artifact.at("name").get<std::string>(), same,
          same ? path : path + ": two places of run.json differ");
    }
  });
  for (const auto& file : run.files())
    if (!files.contains(file) && !is_expected(file)) skip(checks, "unlisted file", file, "run.json does not say what it is");
}

void check_scores(const UntrustedRun& run, RunRecord& record, Checks& checks, Progress& progress) {
  if (record.smoke) return skip(checks, "score", "run", "a smoke run scores nothing");
  EvalSet truth;
  bool has_truth = false;
  attempt(checks, "score", RunNames::kGroundTruth, [&] {
    truth = read_truth(run, record);
    const auto evaluation = run.manifest().at("inputs").at("evaluation");
    const Json claimed = {{"count", evaluation.at("count").json()}, {"ids_sha256", evaluation.at("ids_sha256").json()}};
    const auto difference = first_difference(claimed, description_of(truth.dataset));
    add(checks, "score", RunNames::kGroundTruth, !difference, difference.value_or(fmt::format("{} images", truth.dataset.images.size())));
    has_truth = true;
  });
  if (!has_truth) return;
  progress.begin("scores", static_cast<std::int64_t>(record.report.artifacts.size()));
  std::optional<TaskNumbers> baseline;
  std::size_t index = 0;
  for (auto& artifact : record.report.artifacts) {
    const auto entry = run.manifest().at("artifacts").at(index++);
    progress.step(artifact.name);
    if (!artifact.score) continue;
    auto found = rescore(run, {artifact.score->metrics_path, artifact.score->detections_path}, truth, record,
                         artifact.recipe.empty() || !baseline ? nullptr : &*baseline, checks);
    if (!found) continue;
    if (artifact.score->reference_main) check_reference(run, truth, record, *artifact.score, checks);
    attempt(checks, "score", artifact.name, [&] {
      take_numbers(run, *found, *artifact.score);
      check_score_entry(artifact, entry.at("score"), checks);
    });
    if (artifact.recipe.empty() && !baseline) baseline = std::move(found);
  }
  progress.end("computed again from the detections");
}

void check_ground_truth(const UntrustedRun& run, const fs::path& annotations, Checks& checks) {
  const std::string what = "ground truth";
  if (!run.has(RunNames::kGroundTruth)) return;
  attempt(checks, what, RunNames::kGroundTruth, [&] {
    const auto evaluation = run.manifest().at("inputs").at("evaluation");
    const auto recorded = evaluation.at("annotations").get<std::string>();
    if (recorded.empty()) return skip(checks, what, RunNames::kGroundTruth, "the names of folders are the labels");
    fs::path file = annotations.empty() ? fs::path(recorded) : annotations;
    if (annotations.empty() && recorded.starts_with("assets/")) file = shared_data(recorded);
    std::error_code code;
    if (!fs::is_regular_file(file, code)) return skip(checks, what, file.string(), "not at hand; say with --annotations where it is");
    if (evaluation.at("annotations_sha256").get<std::string>() != sha256_of_file(file)) {
      if (annotations.empty())
        return skip(checks, what, file.string(), "this file is another one now; say with --annotations where the run's is");
      return add(checks, what, file.string(), false, "has another hash than the run's annotations");
    }
    if (is_yaml(file)) return skip(checks, what, file.string(), "labels of a data.yaml are not compared");
    const auto saved = read_coco(run.file(RunNames::kGroundTruth, RunLimits::kRecords));
    ImageSelection selection;
    for (const auto& image : saved.images) selection.ids.push_back(image.id);
    const auto original = select_images(read_coco(file, OnBadData::skip), selection);
    const auto same = [](const CocoAnnotation& a, const CocoAnnotation& b) {
      return a.id == b.id && a.image_id == b.image_id && a.category_id == b.category_id && a.box_xywh_px == b.box_xywh_px &&
             a.area_px2 == b.area_px2 && a.is_crowd == b.is_crowd;
    };
    const bool equal =
        std::equal(saved.annotations.begin(), saved.annotations.end(), original.annotations.begin(), original.annotations.end(), same);
    add(checks, what, RunNames::kGroundTruth, equal,
        equal ? fmt::format("{} objects as in {}", saved.annotations.size(), file.string()) : "objects differ from " + file.string());
  });
}

void check_twins(const UntrustedRun& run, const RunRecord& record, Checks& checks, Progress& progress) {
  const auto& twins = record.report.twins;
  progress.begin("twins", static_cast<std::int64_t>(twins.size()));
  for (const auto& twin : twins) {
    attempt(checks, "twins", twin.artifact, [&] { check_pair(run, record, twin, checks); });
    progress.step(twin.artifact);
  }
  progress.end(fmt::format("{} pairs", twins.size()));
}

void check_gates_and_summary(const UntrustedRun& run, const RunRecord& record, Checks& checks) {
  auto report = record.report;
  report.gates = check_gates(report, record.limits);
  attempt(checks, "gate", "gates.json", [&] {
    const auto difference = first_difference(run.json("gates.json").json(), gates_document(report.gates, "done", record.strict_gates));
    add(checks, "gate", "gates.json", !difference,
        difference.value_or(fmt::format("{} gates: {} failed, {} without enough evidence", report.gates.size(), report.failed_gates(),
                                        report.undecided_gates())));
  });
  attempt(checks, "summary", "summary.md", [&] {
    const auto text = "\n" + run.text("summary.md");
    std::vector<std::string> missing;
    const auto claims = summary_claims(report);
    for (const auto& line : claims)
      if (text.find("\n" + line + "\n") == std::string::npos) missing.push_back(line);
    add(checks, "summary", "summary.md", missing.empty(),
        missing.empty() ? fmt::format("{} rows as found", claims.size())
                        : fmt::format("{} rows differ; expected: {}", missing.size(), missing.front()));
  });
}

void check_by_scoring(const UntrustedRun& run, const RunRecord& record, const VerifyOptions& options, Checks& checks, Progress& progress) {
  const std::string what = "score again";
  if (record.smoke) return skip(checks, what, "run", "a smoke run scores nothing");
  const auto& manifest = run.manifest();
  DataOptions data;
  data.annotations = run.file(RunNames::kGroundTruth, RunLimits::kRecords);
  data.images = images_of(manifest.at("inputs").at("evaluation"), options.images);
  const auto set = open_task_set(record.form, data, options.runtime.threads);
  if (const auto other = other_image(set, run.json(RunNames::kImages).at("scored").list()))
    return skip(checks, what, data.images.string(), *other);
  ScoringOptions scoring;
  scoring.skip_latency = true;
  scoring.runtime = options.runtime;
  scoring.runtime.provider = manifest.at("runtime").at("provider").get<std::string>();
  scoring.runtime.allow_cpu_fallback = manifest.at("runtime").at("allow_cpu_fallback");
  scoring.runtime.session_options = manifest.at("settings").at("session_options").get<std::map<std::string, std::string>>();
  const auto threads = manifest.at("runtime").at("threads").get<int>();
  if (scoring.runtime.threads == 0) scoring.runtime.threads = std::clamp(threads, 1, 256);
  auto reasons = environment_differences(run);
  if (scoring.runtime.threads != threads) reasons.push_back(fmt::format("threads: {} then, {} now", threads, scoring.runtime.threads));
  for (const auto& artifact : record.report.artifacts) {
    if (!artifact.score) continue;
    attempt(checks, what, artifact.name, [&] {
      scoring.model = run.file(artifact.path);
      scoring.model_name = artifact.path;
      scoring.title = "score " + artifact.name;
      const auto found = main_number(score_model(scoring, set, progress).numbers);
      const auto difference = std::abs(found - artifact.score->main);
      const bool holds = difference <= (reasons.empty() ? kSameNumber : kSameScore);
      auto detail = fmt::format("{} {:.4f}", main_of(record), found);
      if (difference > kSameNumber)
        detail += fmt::format(", {:.4f} is claimed{}", artifact.score->main,
                              reasons.empty() ? "" : fmt::format("; not the same: {}", fmt::join(reasons, "; ")));
      add(checks, what, artifact.name, holds, detail);
    });
  }
}

}  // namespace nibble

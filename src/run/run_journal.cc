// SPDX-License-Identifier: Apache-2.0
#include "run/run_journal.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/files.h"
#include "base/image_size_text.h"
#include "base/json_line.h"
#include "base/threads.h"
#include "nibble/error.h"
#include "nibble/version.h"
#include "report/gates.h"
#include "report/junit.h"
#include "report/report_json.h"
#include "report/summary.h"
#include "report/training_text.h"
#include "report/verdict.h"
#include "run/environment.h"
#include "run/html_input.h"
#include "run/time.h"
#include "run/versions.h"
#include "scoring/task_set.h"

namespace nibble {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Json runtime_to_json(const RuntimeOptions& runtime) {
  return {{"provider", runtime.provider},
          {"threads", runtime.threads > 0 ? runtime.threads : thread_count(0)},
          {"allow_cpu_fallback", runtime.allow_cpu_fallback}};
}

std::vector<std::string> data_lines(const RunPlan& plan) {
  std::vector<std::string> lines;
  if (plan.options.smoke) {
    lines.push_back("smoke run: random input only, nothing was scored");
  } else {
    const auto& set = plan.evaluation;
    const auto images = set.images_name.empty() ? "" : fmt::format("{}, annotations ", set.images_name);  // a data.yaml names both
    const auto labels = set.annotations_name.empty() ? "its class folders" : set.annotations_name;
    lines.push_back(fmt::format("scored: {} images of {}{} (sha256 {})", set.dataset.images.size(), images, labels,
                                set.annotations_sha256.substr(0, 12)));
  }
  for (const auto& [recipe, set] : plan.calibration)
    lines.push_back(fmt::format("calibrated {}: {} images of {}, seed {}", recipe, set.files.size(), set.name, plan.options.runtime.seed));
  return lines;
}

Json recipe_names(const RunPlan& plan) {
  Json names = Json::array();
  for (const auto& recipe : plan.recipes) names.push_back(recipe.name);
  return names;
}

/// Null where nothing is trained.
Json training_settings(const RunPlan& plan) {
  const auto& options = plan.options;
  if (options.qat.empty()) return nullptr;
  return {{"recipes", options.qat},
          {"data", options.qat_data.empty() ? Json(nullptr) : Json(options.qat_data.string())},
          {"epochs", options.qat_course.epochs},
          {"steps", options.qat_course.steps}};
}

/// A resumed run must stay the run its manifest describes. Fields that an early end left out are not compared.
void require_same_settings(const RunPlan& plan, const RunDirectory& directory) {
  const Json& before = directory.manifest();
  const auto compare = [&](const std::string& what, const Json& old_value, const Json& new_value) {
    if (old_value.is_null() || old_value == new_value) return;
    throw Error(ErrorKind::usage, fmt::format("cannot resume: {}: was made with {} {}, now it is {}; give the same, or another --run-id",
                                              directory.root().string(), what, json_line(old_value), json_line(new_value)));
  };
  for (const auto& [field, value] : {std::pair<const char*, Json>{"head", plan.options.head},
                                     {"imgsz", to_json(plan.image_size())},
                                     {"seed", plan.options.runtime.seed},
                                     {"recipes", recipe_names(plan)},
                                     {"qat", training_settings(plan)}})
    compare(field, before.value(field, Json(nullptr)), value);
  const Json::json_pointer checkpoint("/inputs/checkpoint/sha256");
  if (before.contains(checkpoint)) compare("checkpoint sha256", before.at(checkpoint), plan.inputs.at("checkpoint").at("sha256"));
}

/// Everything that decides a run and is neither an input nor a recipe.
Json settings_of(const RunPlan& plan) {
  const auto& options = plan.options;
  return {{"smoke", options.smoke},
          {"reference", options.reference},
          {"resamples", options.resamples},
          {"strict_gates", options.strict_gates},
          {"on_bad_data", options.data.on_bad_data},
          {"session_options", options.runtime.session_options},
          {"calibration", options.calibration.string()},
          {"qat_images", options.qat_images.string()}};
}

std::string list_text(const std::string& comment, const std::vector<std::string>& lines) {
  return fmt::format("# {}\n{}\n", comment, fmt::join(lines, "\n"));
}

}  // namespace

void LoggedProgress::begin(const std::string& title, std::int64_t total) {
  title_ = title;
  start_ = std::chrono::steady_clock::now();
  log(LogLevel::info, fmt::format("{}: start ({})", title, total));
  inner_.begin(title, total);
}

void LoggedProgress::end(const std::string& summary) {
  const double seconds = seconds_since(start_);
  stages_.push_back({{"stage", title_}, {"seconds", seconds}, {"result", summary}});
  log(LogLevel::info, fmt::format("{}: {} ({:.1f} s)", title_, summary, seconds));
  inner_.end(summary);
}

RunJournal::RunJournal(const RunPlan& plan, Progress& progress)
    : plan_(plan), directory_(RunDirectory::open(plan.options.runs_dir, plan.options.run_id, plan.options.resume)), progress_(progress) {
  if (plan.options.resume) require_same_settings(plan, directory_);
  report_.model = plan.names.model;
  report_.task = plan.form.task;
  report_.head = plan.options.head;
  report_.image_size = plan.image_size();
  report_.data = data_lines(plan);
  report_.caveats = plan.caveats;
  report_.bad_data = plan.bad_data;
  report_.resamples = plan.options.smoke ? 0 : plan.options.resamples;
}

void RunJournal::begin() {
  log_.emplace(directory_.path("logs/nibble.log"));
  log(LogLevel::info, fmt::format("nibble {}: {}", kVersion, fmt::join(plan_.options.command, " ")));
  for (const auto& caveat : plan_.caveats) log(caveat.starts_with("**") ? LogLevel::warning : LogLevel::info, caveat);
  write_manifest();
  write_config();
}

void RunJournal::write_manifest() {
  directory_.set("status", "running");
  directory_.set("error", nullptr);
  directory_.set("started_utc", utc_text(Clock::now()));
  directory_.set("command", plan_.options.command);
  directory_.set("model", plan_.names.model);
  directory_.set("task", name_of(plan_.form.task));
  if (plan_.form.keypoints > 0) directory_.set("keypoints", plan_.form.keypoints);
  directory_.set("head", plan_.options.head);
  directory_.set("imgsz", to_json(plan_.image_size()));
  directory_.set("seed", plan_.options.runtime.seed);
  directory_.set("runtime", runtime_to_json(plan_.options.runtime));
  directory_.set("inputs", plan_.inputs);
  directory_.set("settings", settings_of(plan_));
}

void RunJournal::write_config() {
  const Json versions = library_versions();
  directory_.set("versions", versions);
  const auto write_and_record = [this](const std::string& file, const std::string& text) {
    write_file(directory_.path(file), text);
    directory_.record(file, "");
  };
  write_and_record("env/libraries.json", versions.dump(2) + "\n");
  write_and_record("env/machine.json", machine_facts().dump(2) + "\n");
  for (const auto& recipe : plan_.recipes) {
    const auto file = fmt::format("config/{}.json", recipe.name);
    write_json(directory_.path(file), to_json(recipe));
    directory_.record(file, recipe_key(plan_, recipe));
    std::vector<std::string> paths;
    for (const auto& path : plan_.calibration.at(recipe.name).files) paths.push_back(path.filename().string());
    write_and_record(fmt::format("config/{}-calibration-images.txt", recipe.name),
                     list_text("calibration images, in order, of " + plan_.calibration.at(recipe.name).name, paths));
  }
  directory_.set("recipes", recipe_names(plan_));
  directory_.set("qat", training_settings(plan_));
  std::vector<std::string> ids;
  const auto texts = text_ids(plan_.evaluation.dataset);
  for (const auto& image : plan_.evaluation.dataset.images) {
    const auto text = texts.find(image.id);
    ids.push_back(text == texts.end() ? std::to_string(image.id) : text->second);
  }
  write_and_record("config/image-ids.txt", list_text("scored images; usable with --image-ids-list", ids));
  write_evidence();
}

void RunJournal::write_evidence() {
  const auto record = [&](const std::string& file) { directory_.record(file, ""); };
  write_json(directory_.path(RunNames::kGateLimits), to_json(plan_.limits));
  record(RunNames::kGateLimits);
  write_json(directory_.path(RunNames::kImages), plan_.images);
  record(RunNames::kImages);
  if (plan_.options.smoke) return;
  write_truth(directory_.path(RunNames::kGroundTruth), plan_.evaluation);
  record(RunNames::kGroundTruth);
}

void RunJournal::write_report(const std::string& status) {
  report_.status = status;
  report_.seconds = seconds_since(start_);
  report_.gates = check_gates(report_, plan_.limits);
  write_json(directory_.path("gates.json"), gates_document(report_.gates, status, plan_.options.strict_gates));
  write_file(directory_.path("summary.md"), summary_markdown(report_));
  Json artifacts = Json::array();
  for (const auto& artifact : report_.artifacts) artifacts.push_back(to_json(artifact));
  directory_.set("artifacts", artifacts);
  Json twins = Json::array();
  for (const auto& twin : report_.twins) twins.push_back(to_json(twin));
  directory_.set("twins", twins);
  Json trainings = Json::array();
  for (const auto& training : report_.trainings) trainings.push_back(to_json(training));
  directory_.set("trainings", trainings);
  directory_.set("verdict", to_json(verdict_of(report_)));
  directory_.set("bad_data", report_.bad_data);
  directory_.set("stages", progress_.stages());
  directory_.record("gates.json", "");
  directory_.record("summary.md", "");
  write_file(directory_.path("report.html"), report_html(gather_html_input(directory_.root(), report_, directory_.manifest())));
  directory_.record("report.html", "");
  directory_.set("finished_utc", utc_text(Clock::now()));
  directory_.set("seconds", report_.seconds);
  directory_.set("status", status);
}

RunResult RunJournal::conclude() {
  write_report("done");
  if (!plan_.options.junit.empty()) write_file(plan_.options.junit, junit_document(report_, plan_.options.strict_gates));
  log(LogLevel::info, fmt::format("done in {:.1f} s, gates {}", report_.seconds, report_.gates_passed() ? "passed" : "FAILED"));
  return {directory_.root(), report_, plan_.options.strict_gates};
}

bool RunJournal::has_scores() const {
  return std::any_of(report_.artifacts.begin(), report_.artifacts.end(), [](const auto& artifact) { return artifact.score.has_value(); });
}

std::string RunJournal::summary_so_far() const { return summary_markdown(report_); }

void RunJournal::break_off(const std::exception& reason) noexcept {
  try {
    const auto* error = dynamic_cast<const Error*>(&reason);
    const bool interrupted = error && error->kind() == ErrorKind::interrupted;
    log(LogLevel::info, fmt::format("ends early: {}", reason.what()));
    directory_.set("status", interrupted ? "interrupted" : "failed");
    directory_.set("error", reason.what());
    write_report(interrupted ? "interrupted" : "failed");
  } catch (const std::exception&) {
    // A full disk may refuse the report too; the reason itself is on its way to the user.
  }
}

}  // namespace nibble

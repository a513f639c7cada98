// SPDX-License-Identifier: Apache-2.0
#include "calibration/calibrate_recipe.h"

#include <fmt/format.h>

#include "artifacts/source_model.h"
#include "artifacts/variant_files.h"
#include "base/log.h"
#include "base/scratch_file.h"
#include "calibration/budget.h"
#include "calibration/compute_device.h"
#include "calibration/head_logits.h"
#include "calibration/judge.h"
#include "comm/shared_work.h"
#include "report/task_words.h"

namespace nibble {
namespace {

/// All that decides what a helper computes. Files are named absolutely: another process may have started elsewhere.
Json task_of(const CalibrationJob& job, SharedLoop loop) {
  Json files = Json::array();
  for (const auto& file : job.images.files) files.push_back(std::filesystem::absolute(file).string());
  const ImageSize size = job.baseline.info.image_size;
  return {{"loop", static_cast<int>(loop)},  {"checkpoint", std::filesystem::absolute(job.checkpoint).string()},
          {"head", name_of(job.build.head)}, {"image_size", {size.height, size.width}},
          {"batch", job.build.batch},        {"max_detections", job.build.max_detections},
          {"recipe", to_json(job.recipe)},   {"files", std::move(files)},
          {"threads", job.runtime.threads},  {"seed", job.runtime.seed},
          {"provider", job.runtime.provider}};
}

CalibrateOptions options_of(const CalibrationJob& job) {
  CalibrateOptions options;
  options.recipe = job.recipe;
  options.head = head_logits(job.baseline);
  options.threads = job.runtime.threads;
  options.device = compute_device(job.runtime);
  options.seed = job.runtime.seed;
  if (options.device.kind != DeviceKind::cpu)
    log(LogLevel::warning,
        fmt::format("calibrate {}: the head's gradients and what mixed bits measure are computed on the GPU, the layers' "
                    "statistics and their rounding on the CPU",
                    job.recipe.name));
  if (job.kept) {
    options.kept = job.kept;
    options.source = fmt::format("{} {}", describe(job.images).at("sha256").get<std::string>(), views_wanted(job.recipe));
  }
  options.processes = job.processes;
  options.call_others = [&job](SharedLoop loop) { start_task(*job.processes, kCalibrateDuty, task_of(job, loop)); };
  options.file_bytes = [&job](const Graph& graph) {
    const ScratchFile scratch(job.scratch);
    return write_packed(job.baseline, graph, job.recipe, scratch.at);
  };
  return options;
}

CalibrationResult run(const CalibrationJob& job, const CalibrateOptions& options, Progress& progress) {
  const auto images = images_of(job.images, job.baseline.info, views_wanted(job.recipe), job.runtime.seed);
  CalibrationResult result = calibrate(job.baseline.graph, images, options, progress);
  result.images = static_cast<std::int64_t>(job.images.files.size());  // of which there are views
  return result;
}

CalibrationResult run_judged(const CalibrationJob& job, CalibrateOptions options, Progress& progress) {
  JudgeImages images = open_judge_images(job.judge, job.images, job.runtime.seed, job.baseline.info);
  const std::string by = describe_judge(images);
  options.drop_number = words_of(job.baseline.info.task).main_title;
  log(LogLevel::info, fmt::format("{}: {} is judged by {}", job.recipe.name, options.drop_number, by));
  Judge judge(job.baseline, job.recipe, images.set, job.scratch, job.runtime, progress, "judge " + job.recipe.name, job.processes,
              job.float_findings);
  const double wanted = images.has_labels ? judge.score_baseline() : judge.label();
  options.drop = [&](const Graph& graph) { return 100 * (wanted - judge.score(graph)); };
  CalibrationResult result = run(job, options, progress);
  result.chosen->judge = by;
  return result;
}

}  // namespace

void help_to_calibrate_recipe(const Json& task, Processes& processes) {
  BuildOptions build;
  build.head = parse_head(task.at("head").get<std::string>());
  build.image_size = ImageSize(task.at("image_size").at(0).get<std::int64_t>(), task.at("image_size").at(1).get<std::int64_t>());
  build.batch = task.at("batch").get<std::int64_t>();
  build.max_detections = task.at("max_detections").get<std::int64_t>();
  const Detector baseline = read_baseline(task.at("checkpoint").get<std::string>(), build);
  const Recipe recipe = parse_recipe(task.at("recipe"), "the recipe of process 0");
  CalibrationSet set;
  for (const auto& file : task.at("files")) set.files.emplace_back(file.get<std::string>());
  RuntimeOptions runtime;
  runtime.threads = task.at("threads").get<int>();
  runtime.seed = task.at("seed").get<std::uint64_t>();
  runtime.provider = task.at("provider").get<std::string>();
  CalibrateOptions options;
  options.recipe = recipe;
  options.head = head_logits(baseline);
  options.threads = runtime.threads;
  options.seed = runtime.seed;
  options.device = compute_device(runtime, environment_rendezvous().local_rank);
  options.processes = &processes;
  const auto images = images_of(set, baseline.info, views_wanted(recipe), runtime.seed);
  help_to_calibrate(static_cast<SharedLoop>(task.at("loop").get<int>()), baseline.graph, images, options);
}

CalibrationResult calibrate_recipe(const CalibrationJob& job, Progress& progress) {
  const CalibrateOptions options = options_of(job);
  return job.recipe.mixed.max_drop > 0 ? run_judged(job, options, progress) : run(job, options, progress);
}

}  // namespace nibble

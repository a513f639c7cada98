// SPDX-License-Identifier: Apache-2.0
#include "variants/make_variant.h"

#include <fmt/format.h>

#include <span>

#include "artifacts/artifact_check.h"
#include "base/log.h"
#include "base/output_path.h"
#include "calibration/budget.h"
#include "calibration/layers_document.h"
#include "calibration/output_ranges.h"
#include "calibration/score_correction.h"
#include "report/agreement_text.h"
#include "report/report_json.h"

namespace nibble {
namespace {

CalibratedNetwork calibrated(const CalibrationJob& job, Progress& progress) {
  CalibrationResult result = calibrate_recipe(job, progress);
  Json layers = layers_document(report_of(job.baseline.graph, job.recipe, result), job.recipe, result);
  return {std::move(result.graph), std::move(layers)};
}

/// Of several processes the first one makes it; the others wait for it and read it from the folder that all of them see.
CalibratedNetwork start_of(const VariantJob& job, Progress& progress) {
  const Graph& baseline = job.calibration.baseline.graph;
  const auto calibrate = [&] { return calibrated(job.calibration, progress); };
  if (!job.training) return job.start.path.empty() ? calibrate() : kept_start(job.start, baseline, calibrate);
  double is_there = 1;
  Processes& processes = *job.training->processes;
  if (!processes.is_first()) {
    processes.broadcast(std::span(&is_there, 1));
    return read_start(job.start, baseline);
  }
  CalibratedNetwork start = kept_start(job.start, baseline, calibrate);
  processes.broadcast(std::span(&is_there, 1));
  return start;
}

OutputRanges ranges_for(const VariantJob& job, const Graph& graph, Progress& progress) {
  const auto integer = index_of(job.files, "integer", "");
  if (!integer) return {};
  const auto images = images_of(job.calibration.images, job.calibration.baseline.info);
  return observe_output_ranges(graph, images, job.calibration.runtime, job.path_of(job.files[*integer]), progress);
}

Json to_json(const ScoreCorrection& correction) {
  return {{"slope", correction.slope},
          {"shift", correction.shift},
          {"images", correction.images},
          {"above_0.25", {{"float", correction.above_quarter}, {"quantized", correction.quantized_above_quarter}}},
          {"above_0.5", {{"float", correction.above_half}, {"quantized", correction.quantized_above_half}}}};
}

/// What is measured on images that did not calibrate. A trained network is judged by the images that its training held out.
void correct_and_judge(const VariantJob& job, CalibratedNetwork& network, Progress& progress) {
  if (job.training && !job.calibration.recipe.score_correction) return;
  if (const Task task = job.calibration.baseline.info.task; task == Task::obb || task == Task::classify) {
    log(LogLevel::info, fmt::format("{}: scores are left as they are, and agreement is not measured: detections of the task '{}' are not "
                                    "counted here",
                                    job.calibration.recipe.name, name_of(task)));
    return;
  }
  const SeenByBoth seen = see_with_both(job.calibration, network.graph, progress);
  if (!job.training) network.layers["agreement"] = to_json(agreement_of(seen, job.calibration.runtime.threads));
  if (const auto correction = find_score_correction(job.calibration, seen)) {
    network.graph = with_score_correction(network.graph, *correction);
    network.layers["score_correction"] = to_json(*correction);
  }
}

/// A lower bound of what the files take: 3 bits for each weight in the packed dialects, a byte in the others; a training also keeps
/// a snapshot of the weights and of their average in single precision.
std::int64_t least_bytes(const VariantJob& job) {
  std::int64_t weights = 0;
  for (const auto& value : job.calibration.baseline.graph.values)
    if (value.constant && value.shape.size() == 4) weights += count_of(value.shape);
  std::int64_t bytes = job.training ? 8 * weights : 0;
  for (const auto& file : job.files) bytes += file.dialect == "int4" || file.dialect == "unpack" ? weights * 3 / 8 : weights;
  return bytes;
}

void warn_of(const VariantChecks& checks) {
  for (const auto& file : checks.files)
    if (!file.loads || !file.finite) log(LogLevel::warning, fmt::format("{}: {}", file.path, file.problem));
}

}  // namespace

std::optional<VariantNumbers> write_variant(const VariantJob& job, Progress& progress) {
  const CalibrationJob& calibration = job.calibration;
  require_codes_fit(calibration.baseline.graph, calibration.recipe);
  require_free_space(job.layers, least_bytes(job));  // before the calibration, which takes minutes
  CalibratedNetwork network = start_of(job, progress);
  VariantNumbers numbers;
  if (job.training) {
    QatOutcome trained = train_job(*job.training, network.graph, progress);
    if (!job.training->processes->is_first()) return std::nullopt;
    network.graph = std::move(trained.graph);
    network.layers["trained"] = true;
    numbers.fit = std::move(trained.fit);
  }
  correct_and_judge(job, network, progress);
  const OutputRanges ranges = ranges_for(job, network.graph, progress);
  write_variant_files(calibration.baseline, {network.graph, job.training != nullptr}, calibration.recipe, job.files, ranges, job.path_of,
                      job.opset);
  write_json(job.layers, network.layers);
  numbers.report = recipe_report_from_json(network.layers.at("recipe"));
  numbers.layers = std::move(network.layers);
  for (const auto& layer : numbers.report.skipped_layers)
    log(LogLevel::warning, fmt::format("{}: layer skipped: {}", calibration.recipe.name, layer));
  for (const auto& layer : numbers.report.rounded_with_less)
    log(LogLevel::warning, fmt::format("{}: layer rounded with less information: {}", calibration.recipe.name, layer));
  return numbers;
}

VariantChecks check_variant(const VariantPlace& place, const RuntimeOptions& runtime, Progress& progress) {
  const auto& [recipe, method, files, path_of, shown_path_of] = place;
  progress.begin(fmt::format("check {}{}", recipe.name, method == "ptq" ? "" : " " + method), static_cast<std::int64_t>(files.size()));
  VariantChecks checks;
  for (const auto& file : files) {
    checks.files.push_back(
        check_artifact({artifact_name(recipe, file, method), recipe.name, shown_path_of(file).string(), path_of(file)}, runtime));
    progress.step(checks.files.back().name);
  }
  checks.twins = prove_twins(recipe, files, path_of, method);
  progress.end(fmt::format("{} files", files.size()));
  return checks;
}

std::optional<Variant> make_variant(const VariantJob& job, Progress& progress) {
  auto numbers = write_variant(job, progress);
  if (!numbers) return std::nullopt;
  const VariantPlace place{job.calibration.recipe, job.method(), job.files, job.path_of, job.path_of};
  Variant variant{std::move(*numbers), check_variant(place, job.calibration.runtime, progress)};
  require_twins(variant.checks.twins);
  warn_of(variant.checks);
  return variant;
}

}  // namespace nibble

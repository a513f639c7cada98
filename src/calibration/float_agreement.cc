// SPDX-License-Identifier: Apache-2.0
#include "calibration/float_agreement.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "artifacts/float_file.h"
#include "artifacts/variant_files.h"
#include "base/log.h"
#include "base/scratch_file.h"
#include "calibration/float_findings.h"
#include "eval/agreement.h"
#include "nibble/error.h"
#include "scoring/find_together.h"
#include "scoring/image_source.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kImagesToFit = 100, kImages = 32, kLeastImages = 8;
constexpr double kSure = 0.3;  // as the judge takes labels

EvalSet drawn_from(const CalibrationJob& job, const std::vector<fs::path>& files) {
  ImageSource source;
  source.data = job.images.name;
  source.what = "calibration";
  source.files = files;
  source.on_bad_data = OnBadData::skip;
  const CocoDataset dataset = read_images(source, job.baseline.info);
  const auto most = job.recipe.score_correction ? kImagesToFit : kImages;
  const auto wanted = std::clamp(static_cast<std::int64_t>(job.images.files.size()), kLeastImages, most);
  return eval_set_of(dataset, draw_ids(dataset, wanted, job.runtime.seed), source);
}

/// With float activations, weights are decoded once, when the file is loaded: the same numbers in two thirds of the time.
RuntimeOptions runtime_for(const CalibrationJob& job) {
  RuntimeOptions runtime = job.runtime;
  if (job.recipe.activations.bits == 0) runtime.session_options.insert_or_assign("session.disable_quant_qdq", std::string("1"));
  return runtime;
}

/// Empty where none of the spare images can be read.
std::optional<EvalSet> spare_images(const CalibrationJob& job) {
  if (job.images.spare.empty()) return std::nullopt;
  try {
    return drawn_from(job, job.images.spare);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    log(LogLevel::warning, fmt::format("no image is held out: {}", error.what()));
    return std::nullopt;
  }
}

Findings seen_by(const CalibrationJob& job, const EvalSet& images, const std::string& title, Progress& progress,
                 const std::function<void(const fs::path&)>& write) {
  if (job.scratch.has_parent_path()) fs::create_directories(job.scratch.parent_path());
  const ScratchFile scratch(job.scratch);
  write(scratch.at);
  const auto classes = static_cast<std::int64_t>(job.baseline.info.class_names.size());
  const auto detector = job.baseline.info.task == Task::detect ? open_detector(scratch.at, runtime_for(job), true, classes)
                                                               : open_any_task(scratch.at, runtime_for(job), true, {});
  const RuntimeOptions runtime = runtime_for(job);
  return find_together(job.processes, {detector, scratch.at, true, runtime}, images, {}, title, progress);
}

}  // namespace

SeenByBoth see_with_both(const CalibrationJob& job, const Graph& quantized, Progress& progress) {
  SeenByBoth seen;
  auto spare = spare_images(job);
  seen.is_held_out = spare.has_value();
  seen.images = spare ? std::move(*spare) : drawn_from(job, job.images.files);
  const auto look_with_float = [&] {
    return seen_by(job, seen.images, "scores of float", progress, [&](const fs::path& path) { write_float_file(job.baseline, path); });
  };
  seen.by_float = job.float_findings ? job.float_findings->on(seen.images, look_with_float).boxes : look_with_float().boxes;
  seen.by_quantized = seen_by(job, seen.images, "scores of " + job.recipe.name, progress, [&](const fs::path& path) {
                        write_packed(job.baseline, quantized, job.recipe, path);
                      }).boxes;
  return seen;
}

FloatAgreement agreement_of(const SeenByBoth& seen, int threads) {
  FloatAgreement agreement{.images = static_cast<std::int64_t>(seen.images.dataset.images.size()), .is_held_out = seen.is_held_out};
  for (const auto& detection : seen.by_float) agreement.objects += detection.score >= kSure ? 1 : 0;
  if (agreement.objects == 0) return agreement;
  const auto found = measure_agreement(seen.images.dataset, seen.by_float, seen.by_quantized, kSure, threads);
  agreement.map_50_95 = found.map.all;
  agreement.map_50 = found.map_50;
  return agreement;
}

}  // namespace nibble

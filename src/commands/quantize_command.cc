// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "artifacts/source_model.h"
#include "base/check_options.h"
#include "base/log.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "calibration/budget.h"
#include "calibration/calibration_check.h"
#include "calibration/compute_device.h"
#include "calibration/image_duties.h"
#include "calibration/resolve_recipe.h"
#include "commands/quantize_result.h"
#include "nibble/error.h"
#include "nibble/quantize.h"
#include "quant/preset.h"
#include "report/agreement_text.h"

namespace nibble {
namespace {

/// The preset best: rounding, then training on the calibration images.
QuantizeResult quantize_and_train(const QuantizeOptions& options, Progress& progress) {
  if (options.opset != 0)
    throw Error(ErrorKind::unsupported, "quantize: --opset with --preset best: trained files have each dialect's own opset; leave one out");
  QatOptions training;
  training.checkpoint = options.checkpoint;
  training.output_dir = options.output_dir;
  training.recipe = options.recipe;
  training.preset = options.preset;
  training.data = training.calibration = options.calibration;
  training.calibration_images = options.calibration_images;
  training.budget = options.budget;
  training.judge = options.judge;
  training.head = options.head;
  training.image_size = options.image_size;
  training.target = options.target;
  training.dialect = options.dialect;
  training.resume = options.resume;
  training.on_bad_data = options.on_bad_data;
  training.runtime = options.runtime;
  return train(training, progress);
}

}  // namespace

QuantizeResult quantize(const QuantizeOptions& options, Progress& listener) {
  check_options(options);
  WatchedProgress progress(listener);
  if (!options.dialect.empty()) parse_dialects(options.dialect);  // before anything is read
  if (options.output_dir.empty()) throw Error(ErrorKind::usage, "quantize: no output folder; give one with -o DIR");
  check_paths(paths_of(options));
  require_compute_provider(options.runtime);
  const Recipe recipe = resolved_recipe(options.recipe, choice_of(options));
  require_use_of(options.judge, recipe);
  if (trains(options.preset, recipe)) return quantize_and_train(options, progress);
  const auto crew = meet_crew(image_duties());
  if (!crew) return {};
  if (options.resume) throw Error(ErrorKind::usage, "quantize: --resume: only the training of --preset best can go on; leave it out");
  const auto images =
      open_calibration_set(options.calibration, images_wanted(recipe), parse_on_bad_data(options.on_bad_data, OnBadData::skip_few));
  const BuildOptions build{.head = parse_head(options.head), .image_size = options.image_size};
  const auto baseline = read_baseline(options.checkpoint, build);
  require_codes_fit(baseline.graph, recipe);
  const auto files = files_of(recipe, wanted_dialects(options.dialect, recipe));
  require_opset(files, options.opset);
  const auto model = model_name_of(options.checkpoint);
  const auto place = [&](const std::string& name) { return options.output_dir / fmt::format("{}-{}", model, name); };
  const VariantJob job{
      .calibration = {baseline, recipe, images, options.judge, place(recipe.name + "-trial.onnx"), options.runtime, nullptr,
                      crew->processes(), options.checkpoint, build},
      .files = files,
      .path_of = [&](const VariantFile& file) { return place(artifact_name(recipe, file) + ".onnx"); },
      .layers = place(recipe.name + "-layers.json"),
      .opset = options.opset,
  };
  const auto check = check_before(images, baseline, options.runtime, progress);
  auto result = quantize_result(job, make_variant(job, progress).value());
  if (result.agreement)
    for (const auto& line : objections_to(*result.agreement, result.task, images.name)) log(LogLevel::warning, recipe.name + ": " + line);
  result.images = check;
  result.bad_data = reasons_of(images.bad);
  return result;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/log.h"
#include "nibble/error.h"
#include "nibble/run.h"
#include "pipeline/budget.h"
#include "pipeline/calibrate_recipe.h"
#include "pipeline/compute_device.h"
#include "pipeline/output_path.h"
#include "pipeline/ptq.h"
#include "pipeline/source_model.h"
#include "pipeline/twin_proof.h"
#include "quant/preset.h"
#include "report/budget_text.h"
#include "report/environment.h"

namespace nibble {
namespace {

std::string report_text(const RecipeReport& report, const Json& layers) {
  std::string text =
      fmt::format("{}: {} convolutions quantised on {} images\n", report.name, report.quantized_layers, report.calibration_images);
  if (layers.contains("budget"))
    for (const auto& line : budget_lines(layers.at("budget"))) text += fmt::format("  {}\n", line);
  for (const auto& layer : report.float_layers) text += fmt::format("  float    {}\n", layer);
  for (const auto& layer : report.skipped_layers) text += fmt::format("  SKIPPED  {}\n", layer);
  return text;
}

/// The preset best: rounding, then training on the calibration images.
std::string quantize_and_train(const QuantizeOptions& options, Progress& progress) {
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
  training.dialect = options.dialect;
  training.resume = options.resume;
  training.runtime = options.runtime;
  return train(training, progress);
}

}  // namespace

std::string quantize(const QuantizeOptions& options, Progress& progress) {
  const auto dialects = parse_dialects(options.dialect);
  if (options.output_dir.empty()) throw Error(ErrorKind::usage, "quantize: no output folder; give one with -o DIR");
  require_can_be_folder(options.output_dir);
  require_compute_provider(options.runtime);
  const Recipe recipe = resolved_recipe(options.recipe, options.preset, options.calibration_images, options.budget);
  require_use_of(options.judge, recipe);
  if (trains(options.preset, recipe)) return quantize_and_train(options, progress);
  if (options.resume) throw Error(ErrorKind::usage, "quantize: --resume: only the training of --preset best can go on; leave it out");
  const auto images = open_calibration_set(options.calibration, images_wanted(recipe));
  const BuildOptions build{.head = parse_head(options.head), .image_size = options.image_size};
  const auto baseline = read_baseline(options.checkpoint, build);
  const auto files = files_of(recipe, dialects);
  require_opset(files, options.opset);
  const auto stem = fmt::format("{}-{}", model_name_of(options.checkpoint), recipe.name);
  const auto result =
      calibrate_recipe({baseline, recipe, images, options.judge, options.output_dir / (stem + "-trial.onnx"), options.runtime}, progress);

  const auto path_of = [&](const PtqFile& file) {
    return options.output_dir / fmt::format("{}-{}.onnx", model_name_of(options.checkpoint), artifact_name(recipe, file));
  };
  const auto ranges = ranges_for(files, result, images_of(images, options.image_size), options.runtime, path_of, progress);
  write_ptq_files(baseline, result, recipe, files, ranges, path_of, options.opset);
  const auto twins = prove_twins(recipe, files, path_of);
  require_twins(twins);
  const auto report = report_of(baseline.graph, recipe, result);
  const Json layers = layers_document(report, recipe, result);
  write_json(options.output_dir / (stem + "-layers.json"), layers);
  for (const auto& layer : report.skipped_layers) log(LogLevel::warning, "layer skipped: " + layer);

  std::string text = report_text(report, layers);
  for (const auto& file : files)
    text += fmt::format("  {:>9}  {}\n", size_text(static_cast<std::int64_t>(std::filesystem::file_size(path_of(file)))),
                        path_of(file).string());
  for (const auto& twin : twins)
    text += fmt::format("  equal: {} and {}: {} integers{}\n", twin.artifact, twin.reference, twin.codes,
                        twin.weights > 0 ? fmt::format(", {} dequantised numbers, bit for bit", twin.weights) : "");
  return text;
}

}  // namespace nibble

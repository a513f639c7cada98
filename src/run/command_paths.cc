// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "artifacts/source_model.h"
#include "nibble/paths.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

void append(CommandPaths& paths, const DataOptions& data) {
  for (const auto& input : {data.images, data.annotations, data.image_ids_list}) paths.inputs.push_back(input);
}
void append(CommandPaths& paths, const JudgeOptions& judge) {
  for (const auto& input : {judge.data, judge.images}) paths.inputs.push_back(input);
}

std::string prefix_of(const fs::path& checkpoint) { return model_name_of(checkpoint) + "-"; }

}  // namespace

CommandPaths paths_of(const RunOptions& options) {
  CommandPaths paths{
      {options.checkpoint, options.calibration, options.qat_data, options.qat_images, options.gates}, {options.junit}, {}, {}};
  for (const auto& recipe : options.recipes) paths.inputs.emplace_back(recipe);
  append(paths, options.data);
  fs::path runs = options.runs_dir;  // empty: as the run names it; the embedded model's is without danger
  if (runs.empty())
    runs = options.checkpoint.empty() ? "tmp" : fmt::format("tmp/{}_brevitas_w4a8_w4a16", model_name_of(options.checkpoint));
  if (options.run_id.empty())
    paths.folders.push_back({runs, std::nullopt});
  else
    paths.folders.push_back({runs / options.run_id, ""});
  return paths;
}

CommandPaths paths_of(const ExportOptions& options) { return {{options.checkpoint}, {options.output}, {}, {}}; }

CommandPaths paths_of(const QuantizeOptions& options) {
  CommandPaths paths{{options.checkpoint, options.calibration, options.recipe}, {}, {}, {}};
  append(paths, options.judge);
  paths.folders.push_back({options.output_dir, prefix_of(options.checkpoint)});
  return paths;
}

CommandPaths paths_of(const CleanOptions& options) { return {{options.input}, {options.output}, {}, {}}; }

CommandPaths paths_of(const QatOptions& options) {
  CommandPaths paths{{options.checkpoint, options.calibration, options.recipe, options.data, options.images}, {}, {}, {}};
  append(paths, options.judge);
  paths.folders.push_back({options.output_dir, prefix_of(options.checkpoint)});
  return paths;
}

CommandPaths paths_of(const EvalOptions& options) {
  CommandPaths paths{{options.model, options.baseline_detections}, {options.json, options.save_detections}, {}, {}};
  append(paths, options.data);
  return paths;
}

CommandPaths paths_of(const ProfileOptions& options) {
  CommandPaths paths{options.models, {options.json}, {}, {}};
  if (options.images != "random") paths.inputs.push_back(options.images);
  return paths;
}

CommandPaths paths_of(const ScoreOptions& options) {
  CommandPaths paths{{options.detections, options.baseline_detections}, {options.json}, {}, {}};
  append(paths, options.data);
  return paths;
}

CommandPaths paths_of(const CompareOptions& options) {
  CommandPaths paths{{options.a, options.b}, {options.json}, {}, {}};
  append(paths, options.data);
  return paths;
}

CommandPaths paths_of(const VerifyOptions& options) {
  return {{options.run_dir, options.images, options.annotations}, {options.json}, {}, {}};
}

CommandPaths paths_of(const ReplayOptions& options) {
  return {{options.run_dir, options.model, options.images, options.annotations, options.calibration, options.qat_data, options.qat_images},
          {},
          {{options.output, ""}},
          {}};
}

CommandPaths paths_of(const CalibrationCheckOptions& options) { return {{options.calibration, options.images, options.model}, {}, {}, {}}; }

CommandPaths paths_of(const PredictOptions& options) {
  CommandPaths paths{{options.model, options.baseline, options.source}, {}, {{options.output, ""}}, {}};
  if (options.save_json) paths.outputs.push_back(options.output / "predictions.json");
  return paths;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/judge.h"

#include <fmt/format.h>

#include "artifacts/float_file.h"
#include "artifacts/variant_files.h"
#include "base/scratch_file.h"
#include "eval/agreement.h"
#include "eval/coco_map.h"
#include "nibble/error.h"
#include "report/metrics_json.h"

namespace nibble {
namespace fs = std::filesystem;

ScoringResult Judge::score_file(const std::function<void(const fs::path&)>& emit) const {
  std::error_code ignored;  // writing says what is wrong
  if (file_.has_parent_path()) fs::create_directories(file_.parent_path(), ignored);
  const ScratchFile scratch(file_);
  emit(scratch.at);
  ScoringOptions scoring;
  scoring.model = scratch.at;
  scoring.model_name = file_.string();
  scoring.title = title_;
  scoring.skip_latency = true;
  scoring.runtime = runtime_;
  scoring.processes = processes_;
  return score_model(scoring, images_, progress_);
}

ScoringResult Judge::detect_baseline() const {
  return score_file([&](const fs::path& path) { write_float_file(baseline_, path); });
}

double Judge::map_of(const Json& metrics) const {
  const Json& map = metrics.at("mAP_50_95");
  if (map.is_null())
    throw Error(ErrorKind::input, fmt::format("images to judge by: {}: {} images show no object; give more or others",
                                              images_.annotations_name, images_.dataset.images.size()));
  return map.get<double>();
}

double Judge::score(const Graph& graph) const {
  const VariantFile kind = recipe_.weights.granularity == Granularity::block ? VariantFile{"int4", ""} : VariantFile{"qcdq", ""};
  const auto result = score_file([&](const fs::path& path) {
    write_variant_files(baseline_, {graph}, recipe_, {kind}, {}, [&](const VariantFile&) { return path; });
  });
  return map_of(result.document.at("metrics"));
}

double Judge::score_baseline() const { return map_of(detect_baseline().document.at("metrics")); }

double Judge::label() {
  constexpr double kSure = 0.3;
  const auto result = detect_baseline();
  images_.dataset = label_by_detections(images_.dataset, result.findings.boxes, kSure);
  return map_of(to_json(evaluate_coco(images_.dataset, result.findings.boxes, runtime_.threads)));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/qat_held_out.h"

#include <fmt/format.h>

#include "export/emit.h"
#include "nibble/error.h"
#include "pipeline/model_metadata.h"
#include "pipeline/ptq.h"

namespace nibble {
namespace fs = std::filesystem;

ScoringResult HeldOut::score_file(const std::function<void()>& emit) const {
  fs::create_directories(file_.parent_path());
  emit();
  Progress silent;
  const ScoringOptions scoring{
      .model = file_, .model_name = file_.string(), .title = "", .detect = {}, .optimize = true, .skip_latency = true, .runtime = runtime_};
  auto result = score_model(scoring, images_, silent);
  std::error_code ignored;
  fs::remove(file_, ignored);
  return result;
}

double HeldOut::score(const Graph& graph) const {
  const PtqFile kind = recipe_.weights.granularity == Granularity::block ? PtqFile{"int4", ""} : PtqFile{"qcdq", ""};
  const auto result = score_file([&] {
    CalibrationResult state;
    state.graph = graph;
    write_ptq_files(baseline_, state, recipe_, {kind}, {}, [&](const PtqFile&) { return file_; });
  });
  const Json& map = result.document["metrics"]["mAP_50_95"];
  if (map.is_null())
    throw Error(ErrorKind::input, fmt::format("training data: {}: the {} held-out images show no object to judge by; give more images",
                                              images_.annotations_name, images_.dataset.images.size()));
  return map.get<double>();
}

void HeldOut::label() {
  constexpr double kSure = 0.3;
  const auto result = score_file([&] {
    EmitOptions emit;
    emit.metadata = baseline_metadata(baseline_.card, "float32");
    emit_model(baseline_.graph, emit, file_);
  });
  auto& annotations = images_.dataset.annotations;
  for (const auto& detection : result.detections) {
    if (detection.score < kSure) continue;
    const auto& box = detection.box_xywh_px;
    annotations.push_back(
        {static_cast<std::int64_t>(annotations.size()) + 1, detection.image_id, detection.category_id, box, box[2] * box[3], false, false});
  }
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/agreement.h"

#include "eval/coco_map.h"

namespace nibble {

CocoDataset label_by_detections(const CocoDataset& data, const std::vector<Detection>& detections, double confidence) {
  CocoDataset labelled{data.source, data.images, {}, data.categories};
  for (const auto& detection : detections) {
    if (detection.score < confidence) continue;
    const auto& box = detection.box_xywh_px;
    const auto id = static_cast<std::int64_t>(labelled.annotations.size()) + 1;
    labelled.annotations.push_back({id, detection.image_id, detection.category_id, box, box[2] * box[3], false, false});
  }
  return labelled;
}

Agreement measure_agreement(const CocoDataset& data, const std::vector<Detection>& a, const std::vector<Detection>& b, double confidence,
                            int threads) {
  const auto metrics = evaluate_coco(label_by_detections(data, a, confidence), b, threads);
  return {metrics.map_50, {metrics.map_50_95, metrics.map_small, metrics.map_medium, metrics.map_large}};
}

}  // namespace nibble

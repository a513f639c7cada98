// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "eval/coco_map.h"
#include "eval/detection.h"
#include "nibble/run.h"
#include "pipeline/eval_set.h"
#include "report/metrics_json.h"

namespace nibble {

std::string score(const ScoreOptions& options) {
  const auto set = open_annotations(options.data);
  const Json metrics = to_json(evaluate_coco(set.dataset, read_detections(options.detections)));
  if (!options.json.empty()) {
    write_json(options.json, {{"detections", options.detections.string()},
                              {"instances", set.annotations_name},
                              {"max_images", set.dataset.images.size()},
                              {"metrics", metrics}});
  }
  return metrics_text(metrics);
}

}  // namespace nibble

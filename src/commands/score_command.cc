// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/json.h"
#include "base/log.h"
#include "base/output_path.h"
#include "eval/coco_map.h"
#include "eval/detection.h"
#include "nibble/evaluate.h"
#include "scoring/eval_set.h"

namespace nibble {
namespace {

/// Class indices from 0 where the annotations' ids are meant: the numbers would only be low, not wrong.
void warn_of_categories(const CocoDataset& dataset, const std::vector<Detection>& detections) {
  std::set<std::int64_t> known;
  for (const auto& category : dataset.categories) known.insert(category.id);
  const auto unknown = [&](const Detection& detection) { return !known.contains(detection.category_id); };
  const auto first = std::find_if(detections.begin(), detections.end(), unknown);
  if (first == detections.end()) return;
  log(LogLevel::warning,
      fmt::format("categories: {} of {} detections have a category id that {} does not know (first: {}); they count for "
                  "nothing; are they class indices instead of category ids?",
                  std::count_if(first, detections.end(), unknown), detections.size(), dataset.source.string(), first->category_id));
}

}  // namespace

CocoMetrics score(const ScoreOptions& options) {
  refuse_same_file(options.json, {options.detections, options.data.annotations, options.data.image_ids_list});
  const auto set = open_annotations(options.data);
  const auto detections = detections_of(set, read_detections(options.detections));
  warn_of_categories(set.dataset, detections);
  const auto metrics = evaluate_coco(set.dataset, detections);
  if (!options.json.empty()) {
    write_json(options.json, {{"detections", options.detections.string()},
                              {"instances", set.annotations_name},
                              {"max_images", set.dataset.images.size()},
                              {"metrics", to_json(metrics)}});
  }
  return metrics;
}

}  // namespace nibble

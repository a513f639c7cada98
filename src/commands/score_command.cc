// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/check_options.h"
#include "base/json.h"
#include "base/log.h"
#include "base/output_path.h"
#include "eval/coco_map.h"
#include "eval/detection.h"
#include "nibble/run.h"
#include "report/metrics_json.h"
#include "scoring/detection_ids.h"
#include "scoring/eval_set.h"

namespace nibble {
namespace {

std::string ids_text(const ResolvedDetections& resolved) {
  std::string text = fmt::format("{:<12} read as {}: {}\n", "category ids", resolved.read_as, resolved.why);
  for (const auto& note : resolved.notes) text += note + "\n";
  return text;
}

}  // namespace

std::string score(const ScoreOptions& options) {
  check_options(options);
  check_paths(paths_of(options));
  CocoDataset all;
  const auto set = open_annotations(options.data, &all);
  const auto resolved = resolve_ids(read_detections_file(options.detections), all, options.category_ids);
  const auto detections = detections_of(set, resolved.detections);
  for (const auto& note : resolved.notes) log(LogLevel::info, note);
  if (resolved.read_as != "annotations") log(LogLevel::info, fmt::format("category ids: read as {}: {}", resolved.read_as, resolved.why));
  const Json metrics = to_json(evaluate_coco(set.dataset, detections));
  const auto text = metrics_text(metrics) + ids_text(resolved) + left_out_line(set.dataset.bad.size());
  if (options.json.empty()) return text;
  const Json document = {{"detections", options.detections.string()},
                         {"instances", set.annotations_name},
                         {"max_images", set.dataset.images.size()},
                         {"category_ids", {{"read_as", resolved.read_as}, {"why", resolved.why}}},
                         {"notes", resolved.notes},
                         {"bad_data", reasons_of(set.dataset.bad)},
                         {"metrics", metrics}};
  write_or_show(text, {[&] { write_json(options.json, document); }});
  return text;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "base/check_options.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "compare/comparison.h"
#include "compare/comparison_steps.h"
#include "export/output_scale.h"
#include "nibble/compare.h"
#include "nibble/error.h"
#include "scoring/detect.h"
#include "scoring/image_folder.h"
#include "text/result_text.h"

namespace nibble {
namespace {

constexpr std::int64_t kDefaultMaxImages = 100;

/// Nothing when there are only images: the classes are the model's then.
std::optional<EvalSet> open_annotated(const CompareOptions& options) {
  if (options.data.annotations.empty() && !options.data.images.empty()) {
    if (options.data.image_ids_list.empty()) return std::nullopt;
    throw Error(ErrorKind::usage,
                "data: --image-ids-list without annotations: ids are theirs; give --annotations, or a list of paths as --images");
  }
  auto data = options.data;
  if (!data.max_images && data.image_ids_list.empty()) data.max_images = kDefaultMaxImages;
  auto set = open_eval_set(data);
  require_readable(set, data.on_bad_data, options.runtime.threads);
  return set;
}

void require_equal_classes(const CompareOptions& options, const DetectorFile& a, const DetectorFile& b) {
  if (a.class_count == b.class_count && a.extras == b.extras) return;
  if (a.extras != b.extras)
    throw Error(ErrorKind::input, fmt::format("compare: {} has {} numbers behind each box, {} has {}; compare two files of one model",
                                              options.a.string(), a.extras, options.b.string(), b.extras));
  throw Error(ErrorKind::input, fmt::format("compare: {} knows {} classes, {} knows {}; compare two files of one detector",
                                            options.a.string(), a.class_count, options.b.string(), b.class_count));
}

}  // namespace

Comparison compare(const CompareOptions& options, Progress& listener) {
  check_options(options);
  check_paths(paths_of(options));
  WatchedProgress progress(listener);
  auto annotated = open_annotated(options);
  const auto categories = annotated ? static_cast<std::int64_t>(annotated->dataset.categories.size()) : 0;
  const auto a = open_boxes(options.a, options.runtime, true, categories, options.file);
  const auto b = open_boxes(options.b, options.runtime, true, categories, options.file);
  require_equal_classes(options, a, b);
  const auto set =
      annotated ? std::move(*annotated)
                : open_image_folder(options.data.images, options.data.max_images.value_or(kDefaultMaxImages), a.class_count, a.class_names);
  Comparison comparison;
  comparison.a = compared_file(options.a, options.a.string(), a);
  comparison.b = compared_file(options.b, options.b.string(), b);
  describe_data(set, comparison);
  const auto seen_by_a = detect_images(a, set, {}, "detect A: " + options.a.filename().string(), progress);
  const auto seen_by_b = detect_images(b, set, {}, "detect B: " + options.b.filename().string(), progress);
  if (const auto shared = seen_by_b.empty() ? find_shared_output_scale(options.b) : std::nullopt)
    comparison.lost_scores = "all scores of B are 0: " + text_of(*shared);
  comparison.detections = blame_detections(set.dataset, !set.annotations_name.empty(), seen_by_a, seen_by_b, options.confidence,
                                           {options.resamples, options.runtime.seed, options.runtime.threads});
  if (options.tensor_images > 0)
    compare_inside({options.a, options.b, a, b, set, options.tensor_images, options.parts, options.runtime}, comparison, progress);
  comparison.advice = advise(comparison);
  if (!options.json.empty()) write_or_show(text_of(comparison, false), {[&] { write_json(options.json, to_json(comparison)); }});
  return comparison;
}

}  // namespace nibble

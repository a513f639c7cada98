// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "base/check_options.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "compare/comparison.h"
#include "compare/comparison_steps.h"
#include "compare/task_comparison.h"
#include "export/output_scale.h"
#include "nibble/compare.h"
#include "nibble/error.h"
#include "scoring/detect.h"
#include "scoring/found_objects.h"
#include "scoring/image_folder.h"
#include "scoring/task_set.h"
#include "text/result_text.h"

namespace nibble {
namespace fs = std::filesystem;
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

void require_one_model(const CompareOptions& options, const DetectorFile& a, const DetectorFile& b) {
  const auto task_a = task_of(a), task_b = task_of(b);
  if (task_a != task_b)
    throw Error(ErrorKind::input, fmt::format("compare: {} has the task '{}', {} has '{}'; compare two files of one model",
                                              options.a.string(), task_a, options.b.string(), task_b));
  if (a.class_count == b.class_count && a.extras == b.extras) return;
  if (a.extras != b.extras)
    throw Error(ErrorKind::input, fmt::format("compare: {} has {} numbers behind each box, {} has {}; compare two files of one model",
                                              options.a.string(), a.extras, options.b.string(), b.extras));
  throw Error(ErrorKind::input, fmt::format("compare: {} knows {} classes, {} knows {}; compare two files of one model", options.a.string(),
                                            a.class_count, options.b.string(), b.class_count));
}

/// Only a detector without class names is held against the data set's categories.
DetectorFile open_compared(const fs::path& file, const CompareOptions& options, std::int64_t categories) {
  Session session = open_session(file, options.runtime, true);
  if (form_of(session).task == Task::detect) return open_detector(std::move(session), file, categories, options.file);
  return open_any_task(std::move(session), file, options.file);
}

/// Its images with the model's classes, without what is annotated.
EvalSet without_annotations(const EvalSet& set, const DetectorFile& model) {
  auto images = image_set_of(image_paths(set), set.images_name, model.class_count, model.class_names);
  images.dataset.bad = set.dataset.bad;
  return images;
}

EvalSet images_for(std::optional<EvalSet>& annotated, const CompareOptions& options, const DetectorFile& model) {
  if (annotated && model.is_classifier) {
    if (!options.data.annotations.empty())
      throw Error(ErrorKind::usage, "compare: --annotations: classifiers are compared on images alone; leave it out");
    return without_annotations(*annotated, model);
  }
  if (annotated) return std::move(*annotated);
  return open_image_folder(options.data.images, options.data.max_images.value_or(kDefaultMaxImages), model.class_count, model.class_names);
}

}  // namespace

Comparison compare(const CompareOptions& options, Progress& listener) {
  check_options(options);
  check_paths(paths_of(options));
  WatchedProgress progress(listener);
  auto annotated = open_annotated(options);
  const auto categories = annotated ? static_cast<std::int64_t>(annotated->dataset.categories.size()) : 0;
  const auto a = open_compared(options.a, options, categories);
  const auto b = open_compared(options.b, options, categories);
  require_one_model(options, a, b);
  warn_of_useless({.confidence = options.confidence}, {.confidence = CompareOptions{}.confidence}, a, options.a.string());
  const auto set = images_for(annotated, options, a);
  Comparison comparison;
  comparison.task = task_of(a);
  comparison.a = compared_file(options.a, options.a.string(), a);
  comparison.b = compared_file(options.b, options.b.string(), b);
  describe_data(set, comparison);
  const auto seen_by_a = see_objects(a, set, options.confidence, "look with A: " + options.a.filename().string(), progress);
  const auto seen_by_b = see_objects(b, set, options.confidence, "look with B: " + options.b.filename().string(), progress);
  if (const auto shared = seen_by_b.detections.empty() ? find_shared_output_scale(options.b) : std::nullopt)
    comparison.lost_scores = "all scores of B are 0: " + text_of(*shared);
  if (!a.is_classifier)
    comparison.detections = blame_detections(set.dataset, !set.annotations_name.empty(), seen_by_a.detections, seen_by_b.detections,
                                             options.confidence, {options.resamples, options.runtime.seed, options.runtime.threads});
  compare_task(compared_images(set, options.confidence, seen_by_a, seen_by_b), comparison);
  if (options.tensor_images > 0)
    compare_inside({options.a, options.b, a, b, set, options.tensor_images, options.parts, options.runtime}, comparison, progress);
  comparison.advice = advise(comparison);
  if (!options.json.empty()) write_or_show(text_of(comparison, false), {[&] { write_json(options.json, to_json(comparison)); }});
  return comparison;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/check_options.h"
#include "base/files.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "commands/predict_documents.h"
#include "commands/predict_files.h"
#include "commands/predict_pictures.h"
#include "data/image.h"
#include "eval/box_changes.h"
#include "nibble/error.h"
#include "scoring/detect.h"
#include "scoring/found_objects.h"
#include "scoring/image_folder.h"
#include "text/result_text.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// As detections with their places in `boxes`, for pairing.
std::vector<Detection> detections_of(const std::vector<PredictedBox>& boxes) {
  std::vector<Detection> detections;
  for (const auto& box : boxes) detections.push_back({0, box.class_index, box.confidence, box.box_xywh_px});
  return detections;
}

void mark_changes(PredictedImage& image) {
  const auto changes = box_changes(detections_of(image.baseline_boxes), detections_of(image.boxes));
  for (std::size_t i = 0; i < image.boxes.size(); ++i) image.boxes[i].change = changes.model[i];
  for (std::size_t i = 0; i < image.baseline_boxes.size(); ++i) image.baseline_boxes[i].change = changes.baseline[i];
}

void require_one_model(const PredictOptions& options, const DetectorFile& model, const DetectorFile& baseline) {
  const auto refuse = [&](const std::string& of_model, const std::string& of_baseline) {
    throw Error(ErrorKind::input, fmt::format("predict: {} {}, {} {}; show two files of one model", options.model.string(), of_model,
                                              options.baseline.string(), of_baseline));
  };
  const auto task = task_of(model), other = task_of(baseline);
  if (task != other) refuse(fmt::format("has the task '{}'", task), fmt::format("has '{}'", other));
  if (model.class_count != baseline.class_count)
    refuse(fmt::format("knows {} classes", model.class_count), fmt::format("knows {}", baseline.class_count));
  if (model.keypoints.count != baseline.keypoints.count)
    refuse(fmt::format("gives {} keypoints", model.keypoints.count), fmt::format("gives {}", baseline.keypoints.count));
}

/// Names that are only numbers would read as counts: "class 7" stands for 7.
std::map<std::int64_t, std::string> names_of(const EvalSet& set) {
  std::map<std::int64_t, std::string> names;
  for (const auto& category : set.dataset.categories) {
    const bool is_number = category.name.find_first_not_of("0123456789") == std::string::npos;
    names[category.id] = is_number ? fmt::format("class {}", category.name) : category.name;
  }
  return names;
}

class Prediction {
 public:
  Prediction(const PredictOptions& options, Progress& progress)
      : options_(options),
        progress_(progress),
        rule_(parse_on_bad_data(options.on_bad_data, OnBadData::stop)),
        files_(source_images(options.source, rule_ == OnBadData::stop ? nullptr : &missing_)) {
    refuse_to_replace_images(options, files_, output_names(files_, options.source));
  }

  PredictResult run() {
    const auto model = open_any_task(options_.model, options_.runtime, true, options_.file);
    auto set = image_set_of(files_, options_.source, model.class_count, model.class_names);
    settle_bad_data(missing_, static_cast<std::int64_t>(files_.size()), rule_, options_.source.string());
    set.dataset.bad = missing_;
    require_readable(set, options_.on_bad_data, options_.runtime.threads);
    result_.task = task_of(model);
    result_.keypoint_values = model.keypoints.values;
    result_.class_names = names_of(set);
    result_.input_size = model.image_size;
    result_.bad_data = reasons_of(set.dataset.bad);
    find(model, set);
    write(set);
    return std::move(result_);
  }

 private:
  void find(const DetectorFile& model, const EvalSet& set) {
    const auto decode = decode_options(options_.detect);
    warn_of_useless(options_.detect, PredictOptions{}.detect, model, options_.model.string());
    auto found = find_objects(model, set, decode, "predict " + options_.model.filename().string(), progress_);
    std::vector<FoundInImage> baseline(found.size());
    if (!options_.baseline.empty()) {
      const auto other = open_any_task(options_.baseline, options_.runtime, true, options_.file);
      require_one_model(options_, model, other);
      baseline = find_objects(other, set, decode, "predict " + options_.baseline.filename().string(), progress_);
      result_.is_compared = true;
    }
    for (std::size_t i = 0; i < found.size(); ++i) {
      PredictedImage image{.source = image_path(set, set.dataset.images[i]),
                           .size = {},
                           .boxes = std::move(found[i].objects),
                           .baseline_boxes = std::move(baseline[i].objects),
                           .probabilities = std::move(found[i].probabilities),
                           .baseline_probabilities = std::move(baseline[i].probabilities),
                           .picture = {},
                           .labels = {}};
      if (result_.is_compared) mark_changes(image);
      result_.images.push_back(std::move(image));
    }
  }

  void write(const EvalSet& set) {
    const auto names = output_names(image_paths(set), options_.source);
    const PictureTitles titles{options_.baseline.filename().string(), options_.model.filename().string()};
    progress_.begin("draw", static_cast<std::int64_t>(names.size()));
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto& image = result_.images[i];
      image.size = read_image_size(image.source);
      image.picture = options_.output / (names[i].string() + ".jpg");
      write_file(image.picture, picture_of(image, result_, titles));
      if (options_.save_text || options_.save_confidence) {
        image.labels = options_.output / "labels" / (names[i].string() + ".txt");
        write_file(image.labels, label_lines(image, result_, options_.save_confidence));
      }
      progress_.step(names[i].string());
    }
    progress_.end(fmt::format("{} pictures in {}", names.size(), options_.output.string()));
    if (!options_.save_json) return;
    if (result_.task != "classify") result_.category_ids = is_coco(result_.class_names) ? "coco91" : "class+1";
    result_.json = options_.output / "predictions.json";
    write_or_show(text_of(result_), {[&] { write_json(result_.json, predictions_document(result_, names)); }});
  }

  const PredictOptions& options_;
  Progress& progress_;
  OnBadData rule_;
  std::vector<BadDatum> missing_;
  std::vector<fs::path> files_;
  PredictResult result_;
};

}  // namespace

PredictResult predict(const PredictOptions& options, Progress& listener) {
  check_options(options);
  check_paths(paths_of(options));
  WatchedProgress progress(listener);
  return Prediction(options, progress).run();
}

}  // namespace nibble

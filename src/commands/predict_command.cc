// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <utility>

#include "base/check_options.h"
#include "base/files.h"
#include "base/output_path.h"
#include "base/watched_progress.h"
#include "commands/predict_files.h"
#include "commands/predict_pictures.h"
#include "data/image.h"
#include "eval/box_changes.h"
#include "eval/by_image.h"
#include "nibble/error.h"
#include "scoring/detect.h"
#include "scoring/image_folder.h"
#include "text/result_text.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

std::vector<PredictedBox> boxes_of(const std::vector<Detection>& detections, const std::vector<BoxChange>& changes) {
  std::vector<PredictedBox> boxes;
  for (std::size_t i = 0; i < detections.size(); ++i)
    boxes.push_back(
        {detections[i].category_id, detections[i].score, detections[i].box_xywh_px, changes.empty() ? BoxChange::none : changes[i]});
  return boxes;
}

void require_equal_classes(const PredictOptions& options, const DetectorFile& model, const DetectorFile& baseline) {
  if (model.class_count == baseline.class_count) return;
  throw Error(ErrorKind::input, fmt::format("predict: {} knows {} classes, {} knows {}; show two files of one detector",
                                            options.model.string(), model.class_count, options.baseline.string(), baseline.class_count));
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
    const auto model = open_detector(options_.model, options_.runtime, true, 0, options_.file);
    auto set = image_set_of(files_, options_.source, model.class_count, model.class_names);
    settle_bad_data(missing_, static_cast<std::int64_t>(files_.size()), rule_, options_.source.string());
    set.dataset.bad = missing_;
    require_readable(set, options_.on_bad_data, options_.runtime.threads);
    result_.class_names = names_of(set);
    result_.input_size = model.image_size;
    result_.bad_data = reasons_of(set.dataset.bad);
    detect(model, set);
    write(set);
    return std::move(result_);
  }

 private:
  void detect(const DetectorFile& model, const EvalSet& set) {
    auto found = by_image(predict_images(model, set, options_.detect, "predict " + options_.model.filename().string(), progress_));
    DetectionsByImage baseline;
    if (!options_.baseline.empty()) {
      const auto other = open_detector(options_.baseline, options_.runtime, true, 0, options_.file);
      require_equal_classes(options_, model, other);
      baseline = by_image(predict_images(other, set, options_.detect, "predict " + options_.baseline.filename().string(), progress_));
      result_.is_compared = true;
    }
    for (const auto& image : set.dataset.images) {
      const auto changes = result_.is_compared ? box_changes(baseline[image.id], found[image.id]) : BoxChanges{};
      PredictedImage predicted{
          .source = image_path(set, image), .size = {}, .boxes = {}, .baseline_boxes = {}, .picture = {}, .labels = {}};
      predicted.boxes = boxes_of(found[image.id], changes.model);
      if (result_.is_compared) predicted.baseline_boxes = boxes_of(baseline[image.id], changes.baseline);
      result_.images.push_back(std::move(predicted));
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
        write_file(image.labels, label_lines(image, options_.save_confidence));
      }
      progress_.step(names[i].string());
    }
    progress_.end(fmt::format("{} pictures in {}", names.size(), options_.output.string()));
    if (!options_.save_json) return;
    result_.category_ids = is_coco(result_.class_names) ? "coco91" : "class+1";
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

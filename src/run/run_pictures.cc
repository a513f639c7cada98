// SPDX-License-Identifier: Apache-2.0
#include "run/run_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/files.h"
#include "base/json.h"
#include "data/draw.h"
#include "eval/box_changes.h"
#include "eval/picture_choice.h"
#include "eval/precision_curve.h"
#include "nibble/version.h"
#include "run/run_blame.h"
#include "scoring/box_picture.h"
#include "scoring/class_picture.h"

namespace nibble {
namespace {

constexpr double kConfidence = 0.25;
constexpr std::size_t kMostChanged = 4, kTypical = 2;
constexpr ImageSize kHalf{400, 480};  // px at most: two beside each other are readable on a screen and small in a page
constexpr int kQuality = 80;

using Boxes = std::vector<Detection>;

Boxes of_image(const Boxes& boxes, std::int64_t image_id) {
  Boxes result;
  std::copy_if(boxes.begin(), boxes.end(), std::back_inserter(result), [&](const auto& box) { return box.image_id == image_id; });
  return result;
}

Json description_of(const ImageChange& change, const std::string& file_name, const std::string& kind, const std::string& file) {
  Json row = {
      {"file", file}, {"kind", kind}, {"image_id", change.image_id}, {"file_name", file_name}, {"baseline_boxes", change.baseline_boxes}};
  for (const auto kept : {BoxChange::none, BoxChange::lost, BoxChange::added, BoxChange::other_class, BoxChange::moved})
    row[name_of(kept)] = change.changes[static_cast<std::size_t>(kept)];
  return row;
}

/// One artifact against the baseline: what is drawn, and how it is called.
class ChangePainter {
 public:
  ChangePainter(const EvalSet& set, const Boxes& baseline, const Boxes& model, std::string baseline_name, std::string name)
      : set_(set),
        baseline_(shown_boxes(baseline, kConfidence)),
        model_(shown_boxes(model, kConfidence)),
        baseline_name_(std::move(baseline_name)),
        name_(std::move(name)) {
    std::int64_t index = 0;
    for (const auto& category : set.dataset.categories) {
      class_names_[index] = category.name;
      class_of_[category.id] = index++;
    }
  }

  PictureChoice choose() const { return choose_pictures(image_changes(set_.dataset.images, baseline_, model_), kMostChanged, kTypical); }

  /// The bytes of a JPEG.
  std::string paint(std::int64_t image_id) const {
    const auto decoded = read_pixels(image_path(set_, image_of(image_id)), kHalf);
    Pixels left = decoded.pixels, right = decoded.pixels;
    const auto baseline = of_image(baseline_, image_id), model = of_image(model_, image_id);
    const auto changes = box_changes(baseline, model);
    const BoxStyle style{static_cast<double>(left.width_px) / static_cast<double>(decoded.original.width), 1, false};
    draw_predictions(left, predicted(baseline, changes.baseline), class_names_, style);
    draw_predictions(right, predicted(model, changes.model), class_names_, style);
    return jpeg_of(side_by_side(left, baseline_name_, right, name_), kQuality);
  }

  Json describe(const ImageChange& change, const std::string& kind, const std::string& file) const {
    return description_of(change, image_of(change.image_id).file_name, kind, file);
  }

 private:
  const CocoImage& image_of(std::int64_t id) const {
    const auto& images = set_.dataset.images;
    return *std::find_if(images.begin(), images.end(), [&](const auto& image) { return image.id == id; });
  }

  std::vector<PredictedBox> predicted(const Boxes& boxes, const std::vector<BoxChange>& changes) const {
    std::vector<PredictedBox> result;
    for (std::size_t i = 0; i < boxes.size(); ++i)
      result.push_back({class_of_.at(boxes[i].category_id), boxes[i].score, boxes[i].box_xywh_px, changes[i]});
    return result;
  }

  const EvalSet& set_;
  Boxes baseline_, model_;
  std::string baseline_name_, name_;
  std::map<std::int64_t, std::string> class_names_;
  std::map<std::int64_t, std::int64_t> class_of_;  ///< by category id
};

/// The same of other tasks: what each image has is already found.
class TaskPainter {
 public:
  TaskPainter(const EvalSet& set, const std::vector<ComparedImage>& images, std::string baseline_name, std::string name)
      : set_(set), images_(images), baseline_name_(std::move(baseline_name)), name_(std::move(name)) {
    std::int64_t index = 0;
    for (const auto& category : set.dataset.categories) class_names_[index++] = category.name;
    for (std::size_t i = 0; i < images_.size(); ++i) {
      std::erase_if(images_[i].b, [](const PredictedBox& object) { return object.confidence < kConfidence; });
      changes_.push_back(images_[i].a_probabilities.empty() ? change_of_objects(i) : change_of_class(i));
    }
  }

  PictureChoice choose() const { return choose_pictures(changes_, kMostChanged, kTypical); }

  /// The bytes of a JPEG.
  std::string paint(std::int64_t image_id) const {
    const std::size_t i = place_of(image_id);
    const auto& image = images_[i];
    const auto decoded = read_pixels(image_path(set_, set_.dataset.images[i]), kHalf);
    Pixels left = decoded.pixels, right = decoded.pixels;
    const BoxStyle style{static_cast<double>(left.width_px) / static_cast<double>(image.size.width), 1, false, image.size};
    if (image.a_probabilities.empty()) {
      draw_predictions(left, image.a, class_names_, style);
      draw_predictions(right, image.b, class_names_, style);
    } else {
      const bool is_other = changes_[i].changes[static_cast<std::size_t>(BoxChange::other_class)] > 0;
      draw_class_bars(left, image.a_probabilities, class_names_, 1, is_other);
      draw_class_bars(right, image.b_probabilities, class_names_, 1, is_other);
    }
    return jpeg_of(side_by_side(left, baseline_name_, right, name_), kQuality);
  }

  Json describe(const ImageChange& change, const std::string& kind, const std::string& file) const {
    return description_of(change, set_.dataset.images[place_of(change.image_id)].file_name, kind, file);
  }

 private:
  std::size_t place_of(std::int64_t id) const {
    const auto& images = set_.dataset.images;
    return static_cast<std::size_t>(std::find_if(images.begin(), images.end(), [&](const auto& image) { return image.id == id; }) -
                                    images.begin());
  }

  ImageChange change_of_objects(std::size_t i) {
    auto& image = images_[i];
    const auto detections = [&](const std::vector<PredictedBox>& objects) {
      Boxes boxes;
      for (const auto& object : objects)
        boxes.push_back({set_.dataset.images[i].id, object.class_index, object.confidence, object.box_xywh_px});
      return boxes;
    };
    const auto before = detections(image.a), after = detections(image.b);
    const auto changes = box_changes(before, after);
    for (std::size_t k = 0; k < image.a.size(); ++k) image.a[k].change = changes.baseline[k];
    for (std::size_t k = 0; k < image.b.size(); ++k) image.b[k].change = changes.model[k];
    return image_changes({set_.dataset.images[i]}, before, after).front();
  }

  /// An image whose best class is another counts for more than any whose probabilities moved.
  ImageChange change_of_class(std::size_t i) const {
    const auto &a = images_[i].a_probabilities, &b = images_[i].b_probabilities;
    const auto best_of = [](const std::vector<double>& p) {
      return static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin());
    };
    const auto best = best_of(a);
    const bool is_other = best_of(b) != best;
    ImageChange change{set_.dataset.images[i].id, 1, {}, std::abs(a[best] - b.at(best)) + (is_other ? 1 : 0)};
    change.changes[static_cast<std::size_t>(is_other ? BoxChange::other_class : BoxChange::none)] = 1;
    return change;
  }

  const EvalSet& set_;
  std::vector<ComparedImage> images_;
  std::string baseline_name_, name_;
  std::map<std::int64_t, std::string> class_names_;
  std::vector<ImageChange> changes_;  ///< of each image
};

/// What decides pictures and curves.
std::string pictures_key(const RunPlan& plan, const ArtifactReport& baseline, const ArtifactReport& artifact) {
  return key_of({{"nibble", kVersion},
                 {"baseline", baseline.sha256},
                 {"metrics", metrics_key(plan, artifact.sha256, true)},
                 {"confidence", kConfidence}});
}

std::string place_of(const ArtifactReport& artifact, const std::string& file, const std::string& method) {
  return RunNames::beside_comparison(artifact.recipe, file, method);
}

/// Writes the pictures and pictures.json.
template <class Painter>
void write_pictures(const Painter& painter, RunJournal& journal, const ArtifactReport& artifact, const std::string& method,
                    const std::string& key) {
  auto& directory = journal.directory();
  Json pictures = Json::array();
  const auto draw = [&](const std::vector<ImageChange>& images, const std::string& kind, const std::string& name) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto file = place_of(artifact, fmt::format("pictures/{}-{}.jpg", name, i + 1), method);
      write_file(directory.path(file), painter.paint(images[i].image_id));
      directory.record(file, key);
      pictures.push_back(painter.describe(images[i], kind, file));
    }
  };
  const auto choice = painter.choose();
  draw(choice.most_changed, "most changed", "changed");
  draw(choice.typical, "typical", "typical");
  const auto path = place_of(artifact, "pictures.json", method);
  write_json(directory.path(path), {{"confidence", kConfidence}, {"pictures", pictures}});
  directory.record(path, key);
}

}  // namespace

void draw_changes(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method) {
  if (has_pictures(plan, journal, baseline, artifact, method)) return;
  const auto& before = seen_detections(plan, journal, baseline);
  const auto& after = seen_detections(plan, journal, artifact);
  write_pictures(ChangePainter(plan.evaluation, before, after, baseline.name, artifact.name), journal, artifact, method,
                 pictures_key(plan, baseline, artifact));
}

void draw_changes(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method, const std::vector<ComparedImage>& images) {
  write_pictures(TaskPainter(plan.evaluation, images, baseline.name, artifact.name), journal, artifact, method,
                 pictures_key(plan, baseline, artifact));
}

void write_curves(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method) {
  const auto& set = plan.evaluation;
  if (set.truth.task == Task::classify) return;
  auto& directory = journal.directory();
  const auto key = pictures_key(plan, baseline, artifact);
  const auto path = place_of(artifact, "curves.json", method);
  if (directory.has(path, key)) return;
  const auto curve_of = [&](const ArtifactReport& scored) {
    const auto findings = read_findings(directory.path(scored.score->detections_path), set.truth.task).findings;
    return precision_curve_50(set.dataset, set.truth, findings, plan.options.runtime.threads);
  };
  write_json(directory.path(path),
             {{"iou", 0.5}, {"recall_step", 0.01}, {"baseline", curve_of(baseline)}, {"precision", curve_of(artifact)}});
  directory.record(path, key);
}

bool has_pictures(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method) {
  return journal.directory().has(place_of(artifact, "pictures.json", method), pictures_key(plan, baseline, artifact));
}

}  // namespace nibble

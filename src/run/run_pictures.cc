// SPDX-License-Identifier: Apache-2.0
#include "run/run_pictures.h"

#include <fmt/format.h>

#include <algorithm>
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
    Json row = {{"file", file},
                {"kind", kind},
                {"image_id", change.image_id},
                {"file_name", image_of(change.image_id).file_name},
                {"baseline_boxes", change.baseline_boxes}};
    for (const auto kept : {BoxChange::none, BoxChange::lost, BoxChange::added, BoxChange::other_class, BoxChange::moved})
      row[name_of(kept)] = change.changes[static_cast<std::size_t>(kept)];
    return row;
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

}  // namespace

void draw_changes(const RunPlan& plan, RunJournal& journal, const ArtifactReport& baseline, const ArtifactReport& artifact,
                  const std::string& method) {
  auto& directory = journal.directory();
  const auto place = [&](const std::string& file) { return RunNames::beside_comparison(artifact.recipe, file, method); };
  const auto pictures_path = place("pictures.json"), curves_path = place("curves.json");
  const auto key = key_of({{"nibble", kVersion},
                           {"baseline", baseline.sha256},
                           {"metrics", metrics_key(plan, artifact.sha256, true)},
                           {"confidence", kConfidence}});
  if (directory.has(pictures_path, key) && directory.has(curves_path, key)) return;
  const auto& set = plan.evaluation;
  const auto& before = seen_detections(plan, journal, baseline);
  const auto& after = seen_detections(plan, journal, artifact);
  const ChangePainter painter(set, before, after, baseline.name, artifact.name);
  Json pictures = Json::array();
  const auto draw = [&](const std::vector<ImageChange>& images, const std::string& kind, const std::string& name) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      const auto file = place(fmt::format("pictures/{}-{}.jpg", name, i + 1));
      write_file(directory.path(file), painter.paint(images[i].image_id));
      directory.record(file, key);
      pictures.push_back(painter.describe(images[i], kind, file));
    }
  };
  const auto choice = painter.choose();
  draw(choice.most_changed, "most changed", "changed");
  draw(choice.typical, "typical", "typical");
  write_json(directory.path(pictures_path), {{"confidence", kConfidence}, {"pictures", pictures}});
  directory.record(pictures_path, key);
  const Json curves = {{"iou", 0.5},
                       {"recall_step", 0.01},
                       {"baseline", precision_curve_50(set.dataset, before)},
                       {"precision", precision_curve_50(set.dataset, after)}};
  write_json(directory.path(curves_path), curves);
  directory.record(curves_path, key);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/outcomes.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "eval/coco_match.h"

namespace nibble {
namespace {

constexpr double kSamePlace = 0.5;
constexpr double kNearby = 0.1;
constexpr double kFaintShare = 0.2;  // of the confidence; what is fainter is as good as missed
constexpr std::size_t kNone = SIZE_MAX;

using Indices = std::vector<std::size_t>;
using ByImage = std::unordered_map<std::int64_t, Indices>;

template <class Item>
ByImage by_image(const std::vector<Item>& items) {
  ByImage images;
  for (std::size_t i = 0; i < items.size(); ++i) images[items[i].image_id].push_back(i);
  return images;
}

const Indices& of_image(const ByImage& images, std::int64_t image) {
  static const Indices kEmpty;
  const auto found = images.find(image);
  return found == images.end() ? kEmpty : found->second;
}

double area_of(const Detection& detection) { return detection.box_xywh_px[2] * detection.box_xywh_px[3]; }

class Sorter {
 public:
  Sorter(const std::vector<SeenObject>& objects, const std::vector<Detection>& detections, double confidence)
      : objects_(objects),
        detections_(detections),
        confidence_(confidence),
        objects_by_image_(by_image(objects)),
        detections_by_image_(by_image(detections)),
        fates_(objects.size()),
        role_(detections.size(), Role::free) {}

  Outcomes sort(const std::vector<Detection>& measure) {
    find_objects(true);
    find_objects(false);
    for (std::size_t i = 0; i < objects_.size(); ++i) explain(i);
    count_objects();
    count_alarms(measure);
    Outcomes result;
    result.counts = std::move(counts_);
    for (std::size_t i = 0; i < objects_.size(); ++i)
      if (!objects_[i].is_crowd) result.objects.push_back(fates_[i]);
    return result;
  }

 private:
  enum class Role : std::uint8_t { free, found, explains };

  double overlap(std::size_t detection, std::size_t object) const {
    return coco::overlap_of(detections_[detection].box_xywh_px, objects_[object].box_xywh_px, objects_[object].is_crowd);
  }
  bool is_confident(std::size_t detection) const { return detections_[detection].score >= confidence_; }

  /// First what is confident, then what is not: a faint box never takes an object from a sure one.
  void find_objects(bool confident) {
    Indices order(detections_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](auto l, auto r) { return detections_[l].score > detections_[r].score; });
    for (const auto d : order) {
      if (detections_[d].score < kFaintShare * confidence_) break;
      if (is_confident(d) == confident) take_object(d, confident ? Outcome::found : Outcome::faded);
    }
  }

  void take_object(std::size_t d, Outcome outcome) {
    std::size_t best = kNone;
    double largest = kSamePlace;
    for (const auto o : of_image(objects_by_image_, detections_[d].image_id)) {
      const auto& object = objects_[o];
      if (object.is_crowd || object.category_id != detections_[d].category_id || fates_[o].detection != kNone) continue;
      const double iou = overlap(d, o);
      if (iou < largest) continue;
      largest = iou;
      best = o;
    }
    if (best == kNone) return;
    fates_[best] = {outcome, d, largest};
    role_[d] = Role::found;
  }

  /// A confident detection that says what happened instead outranks a faint one of the right class.
  void explain(std::size_t o) {
    auto& outcome = fates_[o];
    if (objects_[o].is_crowd || outcome.outcome == Outcome::found) return;
    if (try_explain(o, Outcome::wrong_class)) return;
    if (outcome.outcome == Outcome::faded) return;
    try_explain(o, Outcome::mislocated);
  }

  bool try_explain(std::size_t o, Outcome as) {
    const bool same_class = as == Outcome::mislocated;
    std::size_t best = kNone;
    double largest = same_class ? kNearby : kSamePlace;
    for (const auto d : of_image(detections_by_image_, objects_[o].image_id)) {
      if (role_[d] != Role::free || !is_confident(d)) continue;
      if ((detections_[d].category_id == objects_[o].category_id) != same_class) continue;
      const double iou = overlap(d, o);
      if (iou < largest) continue;
      largest = iou;
      best = d;
    }
    if (best == kNone) return false;
    if (fates_[o].detection != kNone) role_[fates_[o].detection] = Role::free;
    fates_[o] = {as, best, largest};
    role_[best] = Role::explains;
    return true;
  }

  void count_objects() {
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      const auto& [outcome, detection, iou] = fates_[i];
      if (objects_[i].is_crowd) continue;
      ++counts_.objects[static_cast<std::size_t>(size_of_area(objects_[i].area_px2))][static_cast<std::size_t>(outcome)];
      if (outcome == Outcome::found) ++counts_.found_by_iou[iou >= 0.9 ? 2 : iou >= 0.75 ? 1 : 0];
      if (outcome == Outcome::wrong_class) ++counts_.confusions[{objects_[i].category_id, detections_[detection].category_id}];
    }
  }

  void count_alarms(const std::vector<Detection>& measure) {
    const auto measure_by_image = by_image(measure);
    for (std::size_t d = 0; d < detections_.size(); ++d) {
      if (role_[d] != Role::free || !is_confident(d) || is_forgiven(d)) continue;
      const auto alarm = is_duplicate(d) ? Alarm::duplicate : is_known(d, measure, measure_by_image) ? Alarm::risen : Alarm::background;
      ++counts_.alarms[static_cast<std::size_t>(size_of_area(area_of(detections_[d])))][static_cast<std::size_t>(alarm)];
    }
  }

  bool is_forgiven(std::size_t d) const {
    const auto& around = of_image(objects_by_image_, detections_[d].image_id);
    return std::any_of(around.begin(), around.end(), [&](auto o) {
      return objects_[o].is_crowd && objects_[o].category_id == detections_[d].category_id && overlap(d, o) >= kSamePlace;
    });
  }
  bool is_duplicate(std::size_t d) const {
    const auto& around = of_image(objects_by_image_, detections_[d].image_id);
    return std::any_of(around.begin(), around.end(), [&](auto o) {
      return fates_[o].outcome == Outcome::found && objects_[o].category_id == detections_[d].category_id && overlap(d, o) >= kSamePlace;
    });
  }
  bool is_known(std::size_t d, const std::vector<Detection>& measure, const ByImage& measure_by_image) const {
    const auto& around = of_image(measure_by_image, detections_[d].image_id);
    return std::any_of(around.begin(), around.end(), [&](auto m) {
      return measure[m].category_id == detections_[d].category_id &&
             coco::overlap_of(detections_[d].box_xywh_px, measure[m].box_xywh_px, false) >= kSamePlace;
    });
  }

  const std::vector<SeenObject>& objects_;
  const std::vector<Detection>& detections_;
  double confidence_;
  ByImage objects_by_image_, detections_by_image_;
  std::vector<ObjectOutcome> fates_;
  std::vector<Role> role_;
  OutcomeCounts counts_;
};

}  // namespace

ObjectSize size_of_area(double area_px2) {
  if (area_px2 < coco::kAreaRanges[1].high) return ObjectSize::small;
  return area_px2 <= coco::kAreaRanges[2].high ? ObjectSize::medium : ObjectSize::large;
}

std::vector<SeenObject> objects_of(const CocoDataset& truth) {
  std::vector<SeenObject> objects;
  for (const auto& a : truth.annotations) objects.push_back({a.image_id, a.category_id, a.box_xywh_px, a.area_px2, a.is_crowd, 1});
  return objects;
}

std::vector<SeenObject> objects_of(const std::vector<Detection>& detections, double confidence) {
  std::vector<SeenObject> objects;
  for (const auto& d : detections)
    if (d.score >= confidence) objects.push_back({d.image_id, d.category_id, d.box_xywh_px, area_of(d), false, d.score});
  return objects;
}

Outcomes classify_outcomes(const std::vector<SeenObject>& objects, const std::vector<Detection>& detections, double confidence,
                           const std::vector<Detection>& measure) {
  return Sorter(objects, detections, confidence).sort(measure);
}

}  // namespace nibble

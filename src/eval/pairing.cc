// SPDX-License-Identifier: Apache-2.0
#include "eval/pairing.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "eval/coco_match.h"

namespace nibble {
namespace {

constexpr double kSamePlace = 0.5;
constexpr double kNearby = 0.1;           // TIDE's background threshold (Bolya et al. 2020)
constexpr double kComparableScore = 0.5;  // of A's score: B says something about as sure

using Indices = std::vector<std::size_t>;

/// By image id; best score first, ties as given.
std::map<std::int64_t, Indices> by_image(const std::vector<Detection>& detections) {
  std::map<std::int64_t, Indices> images;
  for (std::size_t i = 0; i < detections.size(); ++i) images[detections[i].image_id].push_back(i);
  for (auto& [id, indices] : images)
    std::stable_sort(indices.begin(), indices.end(), [&](auto l, auto r) { return detections[l].score > detections[r].score; });
  return images;
}

double overlap(const Detection& a, const Detection& b) { return coco::overlap_of(a.box_xywh_px, b.box_xywh_px, false); }

/// One image while its detections find each other.
class Scene {
 public:
  Scene(const std::vector<Detection>& a, const std::vector<Detection>& b, Indices free_a, Indices free_b)
      : a_(a), b_(b), free_a_(std::move(free_a)), free_b_(std::move(free_b)) {}

  /// `worth(a, b, iou)`: how good a partner is; nothing: none at all.
  template <class Worth>
  void pair_up(bool is_class_change, Worth worth) {
    Indices left;
    for (const auto i : free_a_) {
      const auto best = best_partner(i, worth);
      if (best == free_b_.end()) {
        left.push_back(i);
        continue;
      }
      pairs_.push_back({i, *best, overlap(a_[i], b_[*best]), is_class_change});
      free_b_.erase(best);
    }
    free_a_ = std::move(left);
  }

  void mark_class_changes() {
    const auto all = pairs_;
    for (auto& pair : pairs_) pair.is_class_change = pair.is_class_change || changed_rank(pair, all);
  }

  void append_to(Pairing& pairing) const {
    pairing.pairs.insert(pairing.pairs.end(), pairs_.begin(), pairs_.end());
    pairing.only_a.insert(pairing.only_a.end(), free_a_.begin(), free_a_.end());
    pairing.only_b.insert(pairing.only_b.end(), free_b_.begin(), free_b_.end());
  }

 private:
  template <class Worth>
  Indices::iterator best_partner(std::size_t i, Worth worth) {
    auto best = free_b_.end();
    std::optional<double> highest;
    for (auto it = free_b_.begin(); it != free_b_.end(); ++it) {
      const std::optional<double> value = worth(a_[i], b_[*it]);
      if (!value || (highest && *value <= *highest)) continue;
      highest = value;
      best = it;
    }
    return best;
  }

  /// Whether `pair` was or became the first of its place while another class there went the other way.
  bool changed_rank(const DetectionPair& pair, const std::vector<DetectionPair>& all) const {
    bool first_in_a = true, first_in_b = true;
    for (const auto& other : all) {
      if (b_[other.b].category_id == b_[pair.b].category_id || overlap(b_[other.b], b_[pair.b]) < kSamePlace) continue;
      first_in_a = first_in_a && a_[other.a].score <= a_[pair.a].score;
      first_in_b = first_in_b && b_[other.b].score <= b_[pair.b].score;
    }
    return first_in_a != first_in_b;
  }

  const std::vector<Detection>& a_;
  const std::vector<Detection>& b_;
  Indices free_a_, free_b_;
  std::vector<DetectionPair> pairs_;
};

std::optional<double> same_object(const Detection& a, const Detection& b) {
  if (a.category_id != b.category_id) return std::nullopt;
  const double iou = overlap(a, b);
  return iou >= kSamePlace ? std::optional(iou) : std::nullopt;
}

std::optional<double> other_class(const Detection& a, const Detection& b) {
  if (a.category_id == b.category_id || b.score < kComparableScore * a.score) return std::nullopt;
  return overlap(a, b) >= kSamePlace ? std::optional(b.score) : std::nullopt;
}

std::optional<double> moved(const Detection& a, const Detection& b) {
  if (a.category_id != b.category_id || b.score < kComparableScore * a.score) return std::nullopt;
  const double iou = overlap(a, b);
  return iou >= kNearby ? std::optional(iou) : std::nullopt;
}

}  // namespace

Pairing pair_detections(const std::vector<Detection>& a, const std::vector<Detection>& b) {
  const auto images_a = by_image(a);
  auto images_b = by_image(b);
  Pairing pairing;
  for (const auto& [image, indices] : images_a) {
    Scene scene(a, b, indices, images_b[image]);
    images_b.erase(image);
    scene.pair_up(false, same_object);
    scene.pair_up(true, other_class);
    scene.pair_up(false, moved);
    scene.mark_class_changes();
    scene.append_to(pairing);
  }
  for (const auto& [image, indices] : images_b) pairing.only_b.insert(pairing.only_b.end(), indices.begin(), indices.end());
  return pairing;
}

}  // namespace nibble

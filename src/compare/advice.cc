// SPDX-License-Identifier: Apache-2.0
// Findings turned into things to do. Each row states the numbers it follows from; thresholds only decide what is worth a line.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "compare/comparison.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxParts = 3;
constexpr double kWorthwhilePart = 0.1;    // of the disagreement
constexpr double kFaded = 0.97;            // slope
constexpr double kMeanDominates = 0.3;     // of the error's power
constexpr double kNoticeableShift = 0.02;  // of the confidence
constexpr double kNoticeableMap = 0.002;

using Rows = std::vector<Advice>;

/// What B loses; nothing without annotations or a loss.
std::optional<double> loss_of(const Comparison& c) {
  const auto& study = c.detections.repairs;
  if (!study || study->a.all < 0 || study->a.all <= study->b.all) return std::nullopt;
  return study->a.all - study->b.all;
}

/// Whether what the task adds to boxes, or has instead, stays where it is: as far as anybody would see.
bool has_same_task(const Comparison& c) {
  constexpr double kSameMask = 0.98, kSameKeypoints = 0.99, kSameDegrees = 0.5, kSameProbability = 0.002;
  if (c.masks && c.masks->pairs > 0 && c.masks->mean_iou < kSameMask) return false;
  if (c.keypoints && c.keypoints->pairs > 0 && c.keypoints->mean_similarity < kSameKeypoints) return false;
  if (c.angles && c.angles->mean_degrees > kSameDegrees) return false;
  return !c.classes || (c.classes->changed.empty() && c.classes->mean_change < kSameProbability);
}

bool is_same(const Comparison& c) {
  if (!has_same_task(c)) return false;
  const auto& counts = c.detections.against_a;
  return counts.count(Outcome::found) == counts.total() && counts.count(Alarm::background) + counts.count(Alarm::duplicate) == 0 &&
         c.detections.shift.fallen_share == 0 && std::abs(c.detections.shift.mean) < kNoticeableMap &&
         loss_of(c).value_or(0) < kNoticeableMap;
}

std::string kilobytes(double bytes) { return fmt::format("{:.0f} kB", bytes / 1000); }

/// What is left to do for a part: more weight bits, or a float input.
Advice part_advice(const PartGain& part, const PartGains& all) {
  const bool weights_matter = !part.gain_of_weights || *part.gain_of_weights >= 0.5 * part.gain;
  std::string what, alone;
  if (weights_matter && part.weight_bits < 8) {
    what = fmt::format("give {} 8-bit weights: rules: - {{match: '{}.*', weight_bits: 8}}", part.part, part.part);
  } else if (!weights_matter) {
    what = fmt::format("keep the inputs of {} float: rules: - {{match: '{}.*', activation_bits: 0}}", part.part, part.part);
  } else {
    what = fmt::format("keep {} float: rules: - {{match: '{}.*', keep_float: true}}", part.part, part.part);
  }
  if (part.gain_of_weights) alone = fmt::format(" ({:.0f} % from the weights alone)", 100 * *part.gain_of_weights);
  const double extra_bytes = static_cast<double>(part.weights) * (8 - part.weight_bits) / 8;
  const auto price = weights_matter && part.weight_bits < 8 ? fmt::format("; 8 bits cost {} in the INT4 file", kilobytes(extra_bytes)) : "";
  return {what,
          fmt::format("unquantised, its {} layers take away {:.0f} % of the disagreement in scores and boxes{}, tried on {} images{}. At a "
                      "fixed confidence that shows at once; mAP, which sees only the order of scores, may move less",
                      part.layers.size(), 100 * part.gain, alone, all.images, price),
          part.gain};
}

void advise_parts(const Comparison& c, Rows& rows) {
  if (!c.parts || c.parts->parts.empty()) return;
  for (std::size_t i = 0; i < std::min(c.parts->parts.size(), kMaxParts); ++i)
    if (const auto& part = c.parts->parts[i]; part.gain >= kWorthwhilePart) rows.push_back(part_advice(part, *c.parts));
  if (c.parts->parts.front().gain < kWorthwhilePart)
    rows.push_back(
        {"use finer scales or more bits everywhere: recipes w4a16-block32, w8a16",
         fmt::format("the loss is spread: no single part takes away more than {:.0f} % of it", 100 * c.parts->parts.front().gain), 1});
}

void advise_broken(const Comparison& c, Rows& rows) {
  if (!c.tensors) return;
  const auto broken = std::find_if(c.tensors->layers.begin(), c.tensors->layers.end(), [](const auto& layer) { return !layer.is_finite; });
  if (broken != c.tensors->layers.end())
    rows.push_back({fmt::format("keep {} float, or compute in FP32", broken->layer),
                    "the first layer whose output is not finite; everything after it is lost", 1});
}

std::vector<std::string> layers_with(const TensorComparison& tensors, bool (*is_meant)(const LayerDrift&)) {
  std::vector<std::string> names;
  for (const auto& layer : tensors.layers)
    if (layer.is_finite && is_meant(layer)) names.push_back(layer.layer);
  return names;
}

std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t kShown = 3;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kShown));
  return fmt::format("{}{}", fmt::join(names.begin(), end, ", "), names.size() > kShown ? ", ..." : "");
}

/// Mean of 1 - slope where no convolution follows.
double faded_at_the_ends(const TensorComparison& tensors) {
  double sum = 0, ends = 0;
  for (std::size_t i = 0; i < tensors.layers.size(); ++i) {
    if (!tensors.is_end[i] || !tensors.layers[i].is_finite) continue;
    sum += std::clamp(1 - tensors.layers[i].slope, 0.0, 1.0);
    ++ends;
  }
  return ends > 0 ? sum / ends : 0;
}

void advise_gain(const Comparison& c, Rows& rows) {
  if (!c.tensors) return;
  const auto layers = static_cast<double>(c.tensors->layers.size());
  const auto faded = layers_with(*c.tensors, [](const LayerDrift& layer) { return layer.slope < kFaded; });
  if (faded.size() * 4 >= c.tensors->layers.size())
    rows.push_back({"restore the gain: weights.restore_gain: true; where it is on, calibrate on more images, or on images more like these",
                    fmt::format("the signal fades: in {} of {} layers B follows A with a slope below {} ({})", faded.size(),
                                c.tensors->layers.size(), kFaded, some_of(faded)),
                    faded_at_the_ends(*c.tensors)});
  const auto moved =
      layers_with(*c.tensors, [](const LayerDrift& layer) { return layer.sqnr_db < kDivergedDb && layer.mean_share > kMeanDominates; });
  if (!moved.empty())
    rows.push_back({"correct the biases: bias_correction: true; where it is on, calibrate on images more like these",
                    fmt::format("moved means make up over {:.0f} % of the error in {} layers ({})", 100 * kMeanDominates, moved.size(),
                                some_of(moved)),
                    kMeanDominates * static_cast<double>(moved.size()) / layers});
}

void advise_confidence(const Comparison& c, Rows& rows) {
  const auto& shift = c.detections.shift;
  const double change = shift.equal_confidence - c.detections.confidence;
  if (shift.pairs == 0 || std::abs(change) < kNoticeableShift) return;
  const auto faded = c.detections.against_a.count(Outcome::faded), objects = c.detections.against_a.total();
  rows.push_back({fmt::format("use confidence {:.2f} with B where you use {} with A", shift.equal_confidence, c.detections.confidence),
                  fmt::format("scores changed by {:+.3f} on average; {} of {} objects are still in place but below the confidence. This "
                              "changes no mAP, which has no threshold",
                              shift.mean, faded, objects),
                  objects > 0 ? static_cast<double>(faded) / static_cast<double>(objects) : 0});
}

/// Found by A and not by B, as a share of what A finds.
double lost_share(const TruthOutcomes& truth, std::size_t size) {
  const auto found = static_cast<std::size_t>(Outcome::found);
  const auto in_a = static_cast<double>(truth.a.objects[size][found]), in_b = static_cast<double>(truth.b.objects[size][found]);
  return in_a > 0 ? (in_a - in_b) / in_a : 0;
}

void advise_size(const Comparison& c, Rows& rows) {
  if (!c.detections.truth) return;
  const auto& truth = *c.detections.truth;
  const double small = lost_share(truth, 0), large = lost_share(truth, 2);
  if (small < 2 * large || small < 0.1) return;
  rows.push_back({"where small objects matter, take a recipe with more bits, or a larger --imgsz",
                  fmt::format("B finds {:.0f} % fewer small objects than A, and {:.0f} % fewer large ones", 100 * small, 100 * large),
                  std::max(small - large, 0.0)});
}

void advise_location(const Comparison& c, Rows& rows) {
  const auto loss = loss_of(c);
  if (!loss) return;
  const double cost = c.detections.repairs->changes[static_cast<std::size_t>(Change::location)].cost.all;
  if (cost < kNoticeableMap || cost < *loss / 4) return;
  std::string where;
  if (c.tensors)
    for (std::size_t i = 0; i < c.tensors->layers.size(); ++i)
      if (c.tensors->is_end[i] && c.tensors->layers[i].layer.find("dfl") != std::string::npos)
        where = fmt::format("; box distances arrive with {:.1f} dB", c.tensors->layers[i].sqnr_db);
  rows.push_back(
      {"where tight boxes matter, take a recipe with more bits",
       fmt::format("boxes of the right objects moved: that costs {:.4f} mAP 50-95 (all kinds together {:.4f}); mean overlap {:.3f}{}", cost,
                   *loss, c.detections.shift.mean_iou, where),
       cost / *loss});
}

}  // namespace

std::vector<Advice> advise(const Comparison& comparison) {
  Rows rows;
  if (!comparison.lost_scores.empty())  // whatever else was found follows from it
    return {{"leave the output of B, and what joins its parts, in float", comparison.lost_scores, 1}};
  advise_broken(comparison, rows);
  if (rows.empty() && is_same(comparison))
    return {{"nothing: on these images B sees what A sees",
             comparison.classes ? "every image has the same best class, and probabilities agree"
                                : "no object is lost, none is added, scores and mAP agree",
             0}};
  advise_parts(comparison, rows);
  advise_location(comparison, rows);
  advise_gain(comparison, rows);
  advise_size(comparison, rows);
  advise_confidence(comparison, rows);
  std::stable_sort(rows.begin(), rows.end(), [](const auto& l, const auto& r) { return l.share > r.share; });
  if (rows.empty())
    rows.push_back({"more bits, or training: nothing stands out", "the two differ, but in no way that a setting is known to mend", 0});
  return rows;
}

}  // namespace nibble

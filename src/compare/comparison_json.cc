// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <map>

#include "compare/comparison.h"

namespace nibble {
namespace {

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json number(const std::optional<double>& value) { return value ? number(*value) : Json(nullptr); }
Json defined(double map) { return map < 0 ? Json(nullptr) : Json(map); }

Json file_json(const ComparedFile& file) {
  return {{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}, {"head", file.head}};
}

Json layer_json(const LayerDrift& layer, bool is_end) {
  return {{"layer", layer.layer},
          {"finite", layer.is_finite},
          {"sqnr_db", number(layer.sqnr_db)},
          {"inherited_db", number(layer.inherited_db)},
          {"drop_db", number(layer.drop_db())},
          {"slope", layer.slope},
          {"mean_share", layer.mean_share},
          {"gain_share", layer.gain_share},
          {"noise_share", layer.noise_share},
          {"is_end", is_end}};
}

Json name_or_null(const TensorComparison& tensors, const std::optional<std::size_t>& index) {
  return index ? Json(tensors.layers[*index].layer) : Json(nullptr);
}

Json tensors_json(const TensorComparison& tensors) {
  Json layers = Json::array(), drops = Json::array();
  for (std::size_t i = 0; i < tensors.layers.size(); ++i) layers.push_back(layer_json(tensors.layers[i], tensors.is_end[i]));
  for (const auto i : tensors.by_drop()) drops.push_back(tensors.layers[i].layer);
  return {{"images", tensors.images},
          {"matched_by", tensors.matched_by_place ? "place" : "name"},
          {"only_a", tensors.only_a},
          {"only_b", tensors.only_b},
          {"first_different", name_or_null(tensors, tensors.first_different())},
          {"diverged_db", kDivergedDb},
          {"first_diverged", name_or_null(tensors, tensors.first_below(kDivergedDb))},
          {"by_drop", drops},
          {"layers", layers}};
}

/// {all, small, medium, large}
template <class CountOf>
Json by_size(CountOf count_of) {
  Json row = {{"all", 0}};
  std::int64_t all = 0;
  for (std::size_t size = 0; size < kSizes; ++size) {
    const std::int64_t count = count_of(size);
    row[name_of(static_cast<ObjectSize>(size))] = count;
    all += count;
  }
  row["all"] = all;
  return row;
}

Json counts_json(const OutcomeCounts& counts, const std::map<std::int64_t, std::string>& categories) {
  Json json = {{"objects", by_size([&](std::size_t size) {
                  std::int64_t sum = 0;
                  for (const auto count : counts.objects[size]) sum += count;
                  return sum;
                })}};
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome)
    json[name_of(static_cast<Outcome>(outcome))] = by_size([&](std::size_t size) { return counts.objects[size][outcome]; });
  Json alarms = Json::object();
  for (std::size_t alarm = 0; alarm < kAlarms; ++alarm)
    alarms[name_of(static_cast<Alarm>(alarm))] = by_size([&](std::size_t size) { return counts.alarms[size][alarm]; });
  json["extra"] = alarms;
  json["found_by_iou"] = {
      {"0.50_to_0.75", counts.found_by_iou[0]}, {"0.75_to_0.90", counts.found_by_iou[1]}, {"above_0.90", counts.found_by_iou[2]}};
  const auto name = [&](std::int64_t id) {
    const auto found = categories.find(id);
    return found == categories.end() ? std::to_string(id) : found->second;
  };
  Json confusions = Json::array();
  for (const auto& [pair, count] : counts.confusions)
    confusions.push_back({{"class", name(pair.first)}, {"taken_for", name(pair.second)}, {"objects", count}});
  json["confusions"] = confusions;
  return json;
}

Json shift_json(const ScoreShift& shift) {
  return {{"pairs", shift.pairs},       {"mean", shift.mean},
          {"median", shift.median},     {"fallen_share", shift.fallen_share},
          {"mean_iou", shift.mean_iou}, {"equal_confidence", shift.equal_confidence}};
}

void append_intervals(Json& json, const MetricIntervals& intervals) {
  for (const auto& [name, interval] : intervals)
    if (json.contains(name)) json[name + "_interval"] = {interval.low, interval.high};
}

Json map_json(const SizedMap& map) {
  return {{"mAP_50_95", defined(map.all)},
          {"mAP_small", defined(map.small)},
          {"mAP_medium", defined(map.medium)},
          {"mAP_large", defined(map.large)}};
}

Json agreement_json(const Agreement& agreement) {
  Json json = map_json(agreement.map);
  json["mAP_50"] = defined(agreement.map_50);
  return json;
}

Json repairs_json(const RepairStudy& study) {
  Json changes = Json::array();
  for (const auto& change : study.changes)
    changes.push_back({{"change", name_of(change.change)},
                       {"cost",
                        {{"mAP_50_95", change.cost.all},
                         {"mAP_small", change.cost.small},
                         {"mAP_medium", change.cost.medium},
                         {"mAP_large", change.cost.large}}},
                       {"repaired", map_json(change.repaired)}});
  Json json = {{"a", map_json(study.a)}, {"b", map_json(study.b)}, {"changes", changes}};
  append_intervals(json["a"], study.a_intervals);
  append_intervals(json["b"], study.b_intervals);
  for (const auto& [name, change] : study.differences) {
    json["difference"][name] = change.difference;
    if (change.interval) json["difference"][name + "_interval"] = {change.interval->low, change.interval->high};
  }
  return json;
}

Json truth_json(const TruthOutcomes& truth, const std::map<std::int64_t, std::string>& categories) {
  Json lost_as = Json::object();
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome)
    if (static_cast<Outcome>(outcome) != Outcome::found) lost_as[name_of(static_cast<Outcome>(outcome))] = truth.lost_as[outcome];
  return {{"a", counts_json(truth.a, categories)},
          {"b", counts_json(truth.b, categories)},
          {"lost", truth.lost},
          {"lost_as", lost_as},
          {"gained", truth.gained}};
}

Json parts_json(const PartGains& parts) {
  Json list = Json::array();
  for (const auto& part : parts.parts)
    list.push_back({{"part", part.part},
                    {"gain", part.gain},
                    {"gain_of_weights", number(part.gain_of_weights)},
                    {"layers", part.layers},
                    {"weights", part.weights},
                    {"weight_bits", part.weight_bits},
                    {"has_quantized_input", part.has_quantized_input}});
  return {{"images", parts.images}, {"disagreement", parts.disagreement}, {"parts", list}};
}

Json masks_json(const MaskDrift& drift) {
  return {{"objects", drift.objects}, {"pairs", drift.pairs}, {"mean_iou", drift.mean_iou}, {"below_75_share", drift.below_75_share}};
}

Json keypoints_json(const KeypointDrift& drift) {
  return {{"objects", drift.objects},     {"pairs", drift.pairs},           {"mean_px", drift.mean_px},
          {"median_px", drift.median_px}, {"mean_share", drift.mean_share}, {"mean_similarity", drift.mean_similarity}};
}

Json angles_json(const AngleDrift& drift) {
  return {{"objects", drift.objects},
          {"pairs", drift.pairs},
          {"mean_degrees", drift.mean_degrees},
          {"median_degrees", drift.median_degrees},
          {"above_5_share", drift.above_5_share},
          {"mean_overlap", drift.mean_overlap}};
}

Json classes_json(const ClassDrift& drift) {
  Json changed = Json::array();
  for (const auto& row : drift.changed)
    changed.push_back({{"image", row.image},
                       {"a", {{"class", row.a}, {"probability", row.a_probability}}},
                       {"b", {{"class", row.b}, {"probability", row.b_probability}}}});
  return {{"images", drift.images}, {"same_top_1", drift.same_top_1}, {"mean_change", drift.mean_change}, {"changed", changed}};
}

/// By the name of what the task adds to boxes or has instead; null of detectors.
Json task_json(const Comparison& comparison) {
  if (comparison.masks) return {{"masks", masks_json(*comparison.masks)}};
  if (comparison.keypoints) return {{"keypoints", keypoints_json(*comparison.keypoints)}};
  if (comparison.angles) return {{"angles", angles_json(*comparison.angles)}};
  if (comparison.classes) return {{"classes", classes_json(*comparison.classes)}};
  return nullptr;
}

}  // namespace

Json to_json(const Comparison& comparison) {
  const auto& found = comparison.detections;
  Json detections = {{"confidence", found.confidence},
                     {"agreement", agreement_json(found.agreement)},
                     {"against_a", counts_json(found.against_a, comparison.category_names)},
                     {"score_shift", shift_json(found.shift)},
                     {"against_truth", found.truth ? truth_json(*found.truth, comparison.category_names) : Json(nullptr)},
                     {"map", found.repairs ? repairs_json(*found.repairs) : Json(nullptr)}};
  Json advice = Json::array();
  for (const auto& row : comparison.advice) advice.push_back({{"what", row.what}, {"why", row.why}, {"share", row.share}});
  return {{"a", file_json(comparison.a)},
          {"b", file_json(comparison.b)},
          {"images", comparison.images},
          {"annotations", comparison.annotations.empty() ? Json(nullptr) : Json(comparison.annotations)},
          {"count", comparison.count},
          {"tensors", comparison.tensors ? tensors_json(*comparison.tensors) : Json(nullptr)},
          {"parts", comparison.parts ? parts_json(*comparison.parts) : Json(nullptr)},
          {"task", comparison.task},
          {"task_drift", task_json(comparison)},
          {"detections", comparison.classes ? Json(nullptr) : detections},
          {"advice", advice},
          {"notes", comparison.notes}};
}

}  // namespace nibble

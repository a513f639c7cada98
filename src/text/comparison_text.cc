// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/layer_part.h"
#include "base/size_text.h"
#include "nibble/task.h"
#include "report/task_words.h"
#include "text/result_text.h"

namespace nibble {
namespace {

constexpr std::size_t kShownDrops = 8, kShownParts = 8, kShownConfusions = 5;

std::string decibel_text(double value) { return std::isfinite(value) ? fmt::format("{:.1f}", value) : value > 0 ? "equal" : "-"; }

std::string percent(double share) { return fmt::format("{:.0f}", 100 * share); }

std::string sqnr_text(const LayerDrift& layer) { return layer.is_finite ? decibel_text(layer.sqnr_db) : "not finite"; }

std::string header(const Comparison& c) {
  std::string text;
  for (const auto& [letter, file] : {std::pair<char, const ComparedFile&>{'A', c.a}, {'B', c.b}})
    text += fmt::format("{}  {}  ({}, {})\n", letter, file.path, size_text(file.bytes), file.head);
  return text + fmt::format("on {} images of {}{}\n", c.count, c.images, c.annotations.empty() ? "" : ", annotations " + c.annotations);
}

// ---- layers

/// One line per module: the worst of its layers. A bar for the eye: 1 mark per 2 dB.
std::string growth(const TensorComparison& tensors) {
  std::string text = "\nWorst layer of each part, network order (SQNR in dB: higher is closer; 20 dB is 1 % error power)\n";
  for (std::size_t i = 0; i < tensors.layers.size();) {
    const auto part = part_of(tensors.layers[i].layer, 2);
    std::size_t worst = i;
    const auto below = [&](std::size_t l, std::size_t r) {
      return tensors.layers[l].is_finite && (!tensors.layers[r].is_finite || tensors.layers[r].sqnr_db < tensors.layers[l].sqnr_db);
    };
    for (; i < tensors.layers.size() && part_of(tensors.layers[i].layer, 2) == part; ++i)
      if (below(worst, i)) worst = i;
    const auto& layer = tensors.layers[worst];
    const double shown = layer.is_finite ? std::clamp(layer.sqnr_db, 0.0, 60.0) : 0;
    text += fmt::format("  {:<14}{:>10}  {:<30} {}\n", part, sqnr_text(layer), std::string(static_cast<std::size_t>(shown / 2), '#'),
                        layer.layer);
  }
  return text;
}

std::string layer_rows(const TensorComparison& tensors, const std::vector<std::size_t>& rows) {
  std::string text = fmt::format("  {:<34}{:>10}{:>9}{:>8}{:>8}{:>7}{:>7}{:>7}\n", "layer", "SQNR dB", "fed by", "drop", "slope", "mean%",
                                 "gain%", "noise%");
  for (const auto i : rows) {
    const auto& layer = tensors.layers[i];
    text += fmt::format("  {:<34}{:>10}{:>9}{:>8}{:>8.3f}{:>7}{:>7}{:>7}\n", layer.layer, sqnr_text(layer),
                        layer.inherited_db ? decibel_text(*layer.inherited_db) : "image",
                        layer.drop_db() ? decibel_text(*layer.drop_db()) : "-", layer.slope, percent(layer.mean_share),
                        percent(layer.gain_share), percent(layer.noise_share));
  }
  return text;
}

std::string named_layer(const TensorComparison& tensors, const char* what, const std::optional<std::size_t>& index) {
  if (!index) return fmt::format("  {:<24}none\n", what);
  const auto& layer = tensors.layers[*index];
  return fmt::format("  {:<24}{} ({}{})\n", what, layer.layer, sqnr_text(layer), layer.is_finite ? " dB" : "");
}

std::string ends_text(const TensorComparison& tensors) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < tensors.layers.size(); ++i)
    if (tensors.is_end[i]) ends.push_back(i);
  return "\nWhere it arrives: layers that no convolution follows\n" + layer_rows(tensors, ends);
}

std::string layers_section(const TensorComparison& tensors, bool all) {
  std::string text = fmt::format("\nLAYERS: outputs of {} convolutions matched by {}, {} images, ONNX Runtime's optimisations off\n",
                                 tensors.layers.size(), tensors.matched_by_place ? "their order" : "name", tensors.images);
  if (!tensors.first_different()) return text + "  all equal, bit for bit\n";
  text += named_layer(tensors, "first difference", tensors.first_different());
  text += named_layer(tensors, "first below 20 dB", tensors.first_below(kDivergedDb));
  auto drops = tensors.by_drop();
  text += named_layer(tensors, "largest drop", drops.empty() ? std::nullopt : std::optional(drops.front()));
  for (const auto& [file, names] :
       {std::pair<const char*, const std::vector<std::string>&>{"only in A", tensors.only_a}, {"only in B", tensors.only_b}})
    if (!names.empty()) text += fmt::format("  {:<24}{}\n", file, fmt::join(names, ", "));
  text += growth(tensors);
  if (all) {
    drops.clear();
    for (std::size_t i = 0; i < tensors.layers.size(); ++i) drops.push_back(i);
    return text + "\nAll layers\n" + layer_rows(tensors, drops);
  }
  drops.resize(std::min(drops.size(), kShownDrops));
  text +=
      "\nLargest drops: SQNR lost against the worst layer that feeds it; of the error, the share that is a moved mean, a\n"
      "changed gain (slope: of B on A), and noise\n" +
      layer_rows(tensors, drops);
  return text + ends_text(tensors);
}

std::string parts_section(const PartGains& parts) {
  std::string text = fmt::format(
      "\nPARTS: how much of the disagreement between the detections goes when A's layers stand in B ({} images)\n  "
      "{:<20}{:>8}{:>10}{:>12}\n",
      parts.images, "part", "goes", "layers", "weights");
  for (std::size_t i = 0; i < std::min(parts.parts.size(), kShownParts); ++i) {
    const auto& part = parts.parts[i];
    const auto alone = part.gain_of_weights ? percent(*part.gain_of_weights) + " %" : "";
    text += fmt::format("  {:<20}{:>6} %{:>14}{:>10}{:>12}\n", part.part, percent(part.gain), alone, part.layers.size(), part.weights);
  }
  return text;
}

// ---- detections

template <class CountOf>
std::string sized_row(const std::string& name, CountOf count_of) {
  std::int64_t all = 0;
  std::string cells;
  for (std::size_t size = 0; size < kSizes; ++size) {
    all += count_of(size);
    cells += fmt::format("{:>9}", count_of(size));
  }
  return fmt::format("  {:<28}{:>9}{}\n", name, all, cells);
}

std::string sized_header(const std::string& name) {
  return fmt::format("  {:<28}{:>9}{:>9}{:>9}{:>9}\n", name, "all", "small", "medium", "large");
}

std::string counts_table(const std::string& title, const OutcomeCounts& counts, bool with_risen) {
  std::string text = sized_header(title);
  for (std::size_t outcome = 0; outcome < kOutcomes; ++outcome)
    text += sized_row(name_of(static_cast<Outcome>(outcome)), [&](std::size_t size) { return counts.objects[size][outcome]; });
  for (std::size_t alarm = 0; alarm < kAlarms; ++alarm) {
    if (static_cast<Alarm>(alarm) == Alarm::risen && !with_risen) continue;
    text += sized_row(fmt::format("extra: {}", name_of(static_cast<Alarm>(alarm))),
                      [&](std::size_t size) { return counts.alarms[size][alarm]; });
  }
  return text + fmt::format("  of the found ones, IoU       0.50 to 0.75: {}, to 0.90: {}, above: {}\n", counts.found_by_iou[0],
                            counts.found_by_iou[1], counts.found_by_iou[2]);
}

/// "dog taken for cat 3, ..."
std::string confusions_text(const Comparison& c) {
  std::vector<std::pair<std::int64_t, std::string>> rows;
  const auto name = [&](std::int64_t id) {
    const auto found = c.category_names.find(id);
    return found == c.category_names.end() ? std::to_string(id) : found->second;
  };
  for (const auto& [pair, count] : c.detections.against_a.confusions)
    rows.emplace_back(count, fmt::format("{} taken for {} ({})", name(pair.first), name(pair.second), count));
  std::stable_sort(rows.begin(), rows.end(), [](const auto& l, const auto& r) { return l.first > r.first; });
  rows.resize(std::min(rows.size(), kShownConfusions));
  std::vector<std::string> texts;
  for (const auto& row : rows) texts.push_back(row.second);
  return texts.empty() ? "" : fmt::format("  most often                   {}\n", fmt::join(texts, ", "));
}

std::string shift_text(const ScoreShift& shift, double confidence) {
  if (shift.pairs == 0) return "";
  return fmt::format(
      "  scores of {} objects         mean change {:+.3f}, median {:+.3f}; {} % fell by more than 0.1; boxes overlap by {:.3f} on average\n"
      "  same number of detections    at confidence {:.3f} with B as at {} with A\n",
      shift.pairs, shift.mean, shift.median, percent(shift.fallen_share), shift.mean_iou, shift.equal_confidence, confidence);
}

std::string map_cell(double value) { return value < 0 ? "-" : fmt::format("{:.4f}", value); }

/// Of all sizes together; those of each size are in the file of --json.
std::string interval_lines(const RepairStudy& study) {
  const auto line = [](const char* what, const Interval& interval, const char* note) {
    return fmt::format("  {:<28}{:+.4f} to {:+.4f}{}\n", what, interval.low, interval.high, note);
  };
  const std::string metric = "mAP_50_95";
  std::string text;
  if (const auto found = study.a_intervals.find(metric); found != study.a_intervals.end())
    text += line("A, 95 % interval", found->second, "");
  if (const auto found = study.b_intervals.find(metric); found != study.b_intervals.end())
    text += line("B, 95 % interval", found->second, "");
  const auto change = study.differences.find(metric);
  if (change != study.differences.end() && change->second.interval)
    text += line("B - A, 95 % interval", *change->second.interval,
                 change->second.interval->holds(0) ? ": these images do not tell which is better" : "");
  return text;
}

std::string cost_table(const RepairStudy& study, Task task) {
  std::string text = fmt::format("\n  {:<28}{:>9}{:>9}{:>9}{:>9}{:>20}\n", of_boxes(task, "mAP 50-95"), "all", "small", "medium", "large",
                                 "B with it repaired");
  const auto map_row = [](const char* name, const SizedMap& map) {
    return fmt::format("  {:<28}{:>9}{:>9}{:>9}{:>9}\n", name, map_cell(map.all), map_cell(map.small), map_cell(map.medium),
                       map_cell(map.large));
  };
  text += map_row("A", study.a) + map_row("B", study.b) + interval_lines(study);
  auto rows = study.changes;
  std::stable_sort(rows.begin(), rows.end(), [](const auto& l, const auto& r) { return l.cost.all > r.cost.all; });
  for (const auto& row : rows)
    text += fmt::format("  lost by: {:<19}{:>9.4f}{:>9.4f}{:>9.4f}{:>9.4f}{:>20}\n", name_of(row.change), row.cost.all, row.cost.small,
                        row.cost.medium, row.cost.large, map_cell(row.repaired.all));
  return text + "  (the five add up to A - B; negative: the change did good)\n";
}

std::string truth_section(const TruthOutcomes& truth) {
  std::string text =
      fmt::format("\n{}\n{}", counts_table("ground truth in A", truth.a, false), counts_table("ground truth in B", truth.b, false));
  text += fmt::format("  found by A, not by B: {}", truth.lost);
  for (std::size_t outcome = 1; outcome < kOutcomes; ++outcome)
    if (truth.lost_as[outcome] > 0)
      text += fmt::format("{} {} {}", outcome == 1 ? ":" : ",", truth.lost_as[outcome], name_of(static_cast<Outcome>(outcome)));
  return text + fmt::format("; found by B, not by A: {}\n", truth.gained);
}

std::string agreement_text(const Agreement& agreement, Task task) {
  return fmt::format("  agreement: {} of B, with what A sees as labels: {} (50: {}; small {}, medium {}, large {})\n",
                     of_boxes(task, "mAP 50-95"), map_cell(agreement.map.all), map_cell(agreement.map_50), map_cell(agreement.map.small),
                     map_cell(agreement.map.medium), map_cell(agreement.map.large));
}

std::string detections_section(const Comparison& c) {
  const auto& found = c.detections;
  const Task task = task_called(c.task).value_or(Task::detect);
  std::string text = fmt::format("\nDETECTIONS at confidence {}{}\n", found.confidence,
                                 c.task == "obb" ? ", by the upright boxes around the turned ones" : "");
  text += agreement_text(found.agreement, task) + counts_table("what A sees is in B", found.against_a, true) + confusions_text(c) +
          shift_text(found.shift, found.confidence);
  if (found.repairs) text += cost_table(*found.repairs, task);
  if (found.truth) text += truth_section(*found.truth);
  return text;
}

// ---- what a task adds to boxes, or has instead

std::string pairs_line(std::int64_t pairs, std::int64_t objects) {
  return fmt::format("  objects that both see         {} of the {} that A sees\n", pairs, objects);
}

std::string masks_text(const MaskDrift& drift) {
  std::string text = "\nMASKS of the objects that both files see\n" + pairs_line(drift.pairs, drift.objects);
  if (drift.pairs == 0) return text;
  return text + fmt::format(
                    "  overlap of the masks          {:.3f} on average (IoU; 1 is the same mask)\n"
                    "  clearly another outline       {} % of them (IoU below 0.75)\n",
                    drift.mean_iou, percent(drift.below_75_share));
}

std::string keypoints_text(const KeypointDrift& drift) {
  std::string text = "\nKEYPOINTS of the objects that both files see\n" + pairs_line(drift.pairs, drift.objects);
  if (drift.pairs == 0) return text;
  return text + fmt::format(
                    "  keypoints moved by            {:.2f} px on average, half of them by less than {:.2f} px\n"
                    "  against the object's size     {:.1f} % (square root of its box's area)\n"
                    "  keypoint similarity           {:.3f} on average (OKS; 1 is the same pose)\n",
                    drift.mean_px, drift.median_px, 100 * drift.mean_share, drift.mean_similarity);
}

std::string angles_text(const AngleDrift& drift) {
  std::string text = "\nANGLES of the objects that both files see\n" + pairs_line(drift.pairs, drift.objects);
  if (drift.pairs == 0) return text;
  return text + fmt::format(
                    "  boxes are turned by           {:.2f} degrees on average, half of them by less than {:.2f}\n"
                    "  by more than 5 degrees        {} % of them\n"
                    "  overlap of the turned boxes   {:.3f} on average (probabilistic IoU)\n",
                    drift.mean_degrees, drift.median_degrees, percent(drift.above_5_share), drift.mean_overlap);
}

std::string classes_text(const ClassDrift& drift) {
  constexpr std::size_t kShownImages = 8;
  const auto share = drift.images > 0 ? static_cast<double>(drift.same_top_1) / static_cast<double>(drift.images) : 0;
  std::string text = fmt::format(
      "\nCLASSES\n"
      "  same best class               {} of {} images ({:.1f} %)\n"
      "  probability of A's best class {:.4f} mean change, up or down\n",
      drift.same_top_1, drift.images, 100 * share, drift.mean_change);
  for (std::size_t i = 0; i < std::min(drift.changed.size(), kShownImages); ++i) {
    const auto& row = drift.changed[i];
    text += fmt::format("  {}: {} ({:.2f}) became {} ({:.2f})\n", row.image, row.a, row.a_probability, row.b, row.b_probability);
  }
  if (drift.changed.size() > kShownImages) text += fmt::format("  and {} more images\n", drift.changed.size() - kShownImages);
  return text;
}

std::string task_section(const Comparison& c) {
  if (c.masks) return masks_text(*c.masks);
  if (c.keypoints) return keypoints_text(*c.keypoints);
  if (c.angles) return angles_text(*c.angles);
  return c.classes ? classes_text(*c.classes) : "";
}

std::string advice_section(const Comparison& c) {
  std::string text = "\nWHAT WOULD HELP, most first\n";
  int rank = 0;
  for (const auto& row : c.advice) {
    text += fmt::format("  {}. {}\n     {}\n", ++rank, row.what, row.why);
  }
  return text;
}

}  // namespace

std::string text_of(const Comparison& comparison, bool all_layers) {
  std::string text = header(comparison);
  if (comparison.tensors) text += layers_section(*comparison.tensors, all_layers);
  if (comparison.parts && !comparison.parts->parts.empty()) text += parts_section(*comparison.parts);
  text += task_section(comparison);
  if (!comparison.classes) text += detections_section(comparison);
  text += advice_section(comparison);
  for (const auto& note : comparison.notes) text += fmt::format("\nnote: {}\n", note);
  return text;
}

}  // namespace nibble

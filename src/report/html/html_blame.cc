// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "report/html/html_parts.h"
#include "report/html/svg_chart.h"
#include "report/task_words.h"

namespace nibble {
namespace {

constexpr std::size_t kMarkedDrops = 3;
constexpr std::array kFateNames = {"found", "faded", "wrong class", "mislocated", "missed"};
constexpr std::array kSizeNames = {"all", "small", "medium", "large"};

std::string count_text(const PlacedJson& counts, const char* size) { return std::to_string(counts.at(size).get<std::int64_t>()); }

Json count_row(const std::string& name, const PlacedJson& counts) {
  Json cells = Json::array();
  for (const auto* size : kSizeNames) cells.push_back(count_text(counts, size));
  return {{"name", name}, {"cells", cells}};
}

Json count_rows(const PlacedJson& seen) {
  Json rows = Json::array();
  for (const auto* outcome : kFateNames) rows.push_back(count_row(outcome, seen.at(outcome)));
  for (const auto& [name, counts] : seen.at("extra").members()) rows.push_back(count_row("extra: " + name, counts));
  return rows;
}

Json cost_chart(const std::string& name, const std::string& number, const PlacedJson& map) {
  if (map.is_null()) return false;
  BarChart chart{.title = name + ": " + number + " lost by each kind of change", .bars = {}, .reference = {}};
  for (const auto& change : map.at("changes").list()) {
    const double cost = change.at("cost").at("mAP_50_95");
    chart.bars.push_back({change.at("change"), cost, fmt::format("{:.4f}", cost), false});
  }
  std::stable_sort(chart.bars.begin(), chart.bars.end(), [](const auto& l, const auto& r) { return *l.value > *r.value; });
  return bar_chart_svg(chart);
}

/// "model.22.m.0.cv1.conv" -> "22"
std::string module_of(const std::string& layer) {
  const auto first = layer.find('.');
  return first == std::string::npos ? layer : layer.substr(first + 1, layer.find('.', first + 1) - first - 1);
}

std::string decibels(const PlacedJson& value) { return value.is_null() ? "-" : fmt::format("{:.1f} dB", value.get<double>()); }

bool is_called(const PlacedJson& layer, const std::string& name) { return layer.at("layer").get<std::string>() == name; }

Json layer_chart(const std::string& name, const PlacedJson& tensors) {
  if (tensors.is_null()) return false;
  ColumnChart chart{
      .title = name + ": SQNR of each layer's output against the float file, in network order", .unit = "dB", .columns = {}, .top = 0};
  const auto layers = tensors.at("layers").list();
  for (const auto& layer : layers) {
    const std::string node = layer.at("layer");
    const auto value = layer.at("sqnr_db");
    chart.columns.push_back({fmt::format("{}: {}", node, decibels(value)),
                             value.is_null() ? std::nullopt : std::optional(std::max(value.get<double>(), 0.0)), module_of(node), ""});
  }
  std::size_t rank = 0;
  for (const auto& drop : tensors.at("by_drop").list()) {
    if (rank == kMarkedDrops) break;
    ++rank;
    const auto place = std::find_if(layers.begin(), layers.end(), [&](const auto& layer) { return is_called(layer, drop); });
    if (place != layers.end()) chart.columns[static_cast<std::size_t>(place - layers.begin())].mark = std::to_string(rank);
  }
  return column_chart_svg(chart);
}

Json drop_list(const PlacedJson& tensors) {
  Json list = Json::array();
  if (tensors.is_null()) return list;
  for (const std::string drop : tensors.at("by_drop").list()) {
    if (list.size() == kMarkedDrops) break;
    for (const auto& layer : tensors.at("layers").list())
      if (is_called(layer, drop))
        list.push_back(
            {{"layer", drop},
             {"found", fmt::format("{} lower than what feeds it ({} against {}), slope {:.3f}", decibels(layer.at("drop_db")),
                                   decibels(layer.at("sqnr_db")), decibels(layer.at("inherited_db")), layer.at("slope").get<double>())}});
  }
  return list;
}

std::string sentence(const PlacedJson& document) {
  const auto detections = document.at("detections");
  const auto seen = detections.at("against_a");
  const auto shift = detections.at("score_shift");
  const auto objects = seen.at("objects").at("all").get<std::int64_t>();
  if (objects == 0) return "The baseline sees nothing in these images at this confidence.";
  return fmt::format(
      "Of the {} objects the float baseline sees at confidence {}, this file finds {}. Scores changed by {:+.3f} on average; confidence "
      "{:.2f} "
      "gives as many detections as {} with the baseline.",
      objects, detections.at("confidence").get<double>(), seen.at("found").at("all").get<std::int64_t>(), shift.at("mean").get<double>(),
      shift.at("equal_confidence").get<double>(), detections.at("confidence").get<double>());
}

/// What the task has besides boxes, in a sentence; empty of detectors.
std::string drift_sentence(const PlacedJson& document) {
  if (!document.contains("task_drift") || document.at("task_drift").is_null()) return "";
  const auto drift = document.at("task_drift").members();
  if (drift.empty()) document.at("task_drift").refuse("is empty");
  const auto& [name, numbers] = drift.front();
  const auto number = [&n = numbers](const char* key) { return n.at(key).get<double>(); };
  const auto count = [&n = numbers](const char* key) { return n.at(key).get<std::int64_t>(); };
  if (name == "classes")
    return fmt::format("Of {} images, {} keep their best class; its probability changed by {:.3f} on average.", count("images"),
                       count("same_top_1"), number("mean_change"));
  if (count("pairs") == 0) return "No object of the baseline is found again, so that nothing of the task can be compared.";
  const auto pairs = fmt::format("Of the {} objects that both see", count("pairs"));
  if (name == "masks")
    return fmt::format("{}, the masks overlap by {:.3f} on average (IoU); {:.1f} % of them by less than 0.75.", pairs, number("mean_iou"),
                       100 * number("below_75_share"));
  if (name == "keypoints")
    return fmt::format("{}, the keypoints moved by {:.2f} px on average (median {:.2f} px); their similarity (OKS) is {:.3f}.", pairs,
                       number("mean_px"), number("median_px"), number("mean_similarity"));
  return fmt::format("{}, the boxes turned by {:.2f} degrees on average (median {:.2f}), {:.1f} % of them by more than 5.", pairs,
                     number("mean_degrees"), number("median_degrees"), 100 * number("above_5_share"));
}

std::string divergence(const PlacedJson& tensors) {
  const auto name = [&](const char* key) { return tensors.at(key).is_null() ? std::string("none") : tensors.at(key).get<std::string>(); };
  return fmt::format("On {} images. First layer that differs: {}. First below {} dB (1 % error power): {}.",
                     tensors.at("images").get<std::int64_t>(), name("first_different"), tensors.at("diverged_db").get<double>(),
                     name("first_diverged"));
}

Json advice_list(const PlacedJson& document) {
  Json list = Json::array();
  for (const auto& advice : document.at("advice").list())
    list.push_back({{"what", advice.at("what").get<std::string>()}, {"why", advice.at("why").get<std::string>()}});
  return list;
}

}  // namespace

Json blame_sections(const Report& report, const std::map<std::string, PlacedJson>& comparisons) {
  const auto number = of_boxes(report.task, "mAP 50-95");
  Json sections = Json::array();
  for (const auto& artifact : report.artifacts) {
    const auto found = comparisons.find(artifact.name);
    if (found == comparisons.end()) continue;
    const auto& document = found->second;
    const auto tensors = document.at("tensors");
    const auto drops = drop_list(tensors);
    const bool is_classifier = document.at("detections").is_null();
    sections.push_back({{"name", artifact.name},
                        {"number", number},
                        {"sentence", is_classifier ? "" : sentence(document)},
                        {"drift", drift_sentence(document)},
                        {"costs", is_classifier ? Json(false) : cost_chart(artifact.name, number, document.at("detections").at("map"))},
                        {"counts", is_classifier ? Json(false) : Json({{"rows", count_rows(document.at("detections").at("against_a"))}})},
                        {"layers", layer_chart(artifact.name, tensors)},
                        {"divergence", tensors.is_null() ? "" : divergence(tensors)},
                        {"drops", drops},
                        {"advice", advice_list(document)}});
  }
  return sections;
}

}  // namespace nibble

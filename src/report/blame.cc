// SPDX-License-Identifier: Apache-2.0
#include "report/blame.h"

#include <fmt/format.h>

#include <algorithm>

namespace nibble {
namespace {

/// "model.2.cv1.conv (18.3 dB)"; empty where no layer is named.
std::string layer_text(const PlacedJson& tensors, const PlacedJson& name, const char* number) {
  if (name.is_null()) return "";
  const std::string wanted = name;
  for (const auto& layer : tensors.at("layers").list()) {
    if (layer.at("layer").get<std::string>() != wanted) continue;
    const auto value = layer.at(number);
    return fmt::format("{} ({})", wanted, value.is_null() ? "not finite" : fmt::format("{:.1f} dB", value.get<double>()));
  }
  return wanted;
}

void read_layers(const PlacedJson& tensors, Blame& blame) {
  if (tensors.is_null()) return;
  blame.first_diverged = layer_text(tensors, tensors.at("first_diverged"), "sqnr_db");
  const auto drops = tensors.at("by_drop").list();
  if (!drops.empty()) blame.largest_drop = layer_text(tensors, drops.front(), "drop_db");
}

void read_costs(const PlacedJson& map, Blame& blame) {
  if (map.is_null()) return;
  for (const auto& change : map.at("changes").list())
    blame.cost.emplace_back(change.at("change").get<std::string>(), change.at("cost").at("mAP_50_95").get<double>());
  std::stable_sort(blame.cost.begin(), blame.cost.end(), [](const auto& l, const auto& r) { return l.second > r.second; });
}

/// Of a classifier the objects are images: found are those of which both files say the same class.
Blame blame_of_classes(const PlacedJson& document, const std::string& path) {
  const auto classes = document.at("task_drift").at("classes");
  Blame blame;
  blame.path = path;
  blame.confidence = 0;
  blame.objects = classes.at("images");
  blame.found = classes.at("same_top_1");
  blame.wrong_class = blame.objects - blame.found;
  read_layers(document.at("tensors"), blame);
  return blame;
}

}  // namespace

Blame blame_from_document(const PlacedJson& document, const std::string& path) {
  const auto detections = document.at("detections");
  if (detections.is_null()) return blame_of_classes(document, path);
  const auto seen = detections.at("against_a");
  const auto all = [&](const char* outcome) { return seen.at(outcome).at("all").get<std::int64_t>(); };
  Blame blame;
  blame.path = path;
  blame.confidence = detections.at("confidence");
  blame.objects = all("objects");
  blame.found = all("found");
  blame.faded = all("faded");
  blame.wrong_class = all("wrong class");
  blame.mislocated = all("mislocated");
  blame.missed = all("missed");
  for (const auto& [name, counts] : seen.at("extra").members()) blame.extra += counts.at("all").get<std::int64_t>();
  read_costs(detections.at("map"), blame);
  read_layers(document.at("tensors"), blame);
  return blame;
}

}  // namespace nibble

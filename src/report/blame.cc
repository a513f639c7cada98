// SPDX-License-Identifier: Apache-2.0
#include "report/blame.h"

#include <fmt/format.h>

#include <algorithm>

#include "nibble/error.h"

namespace nibble {
namespace {

/// "model.2.cv1.conv (18.3 dB)"; empty where no layer is named.
std::string layer_text(const Json& tensors, const Json& name, const char* number) {
  if (!name.is_string()) return "";
  for (const auto& layer : tensors.at("layers")) {
    if (layer.at("layer") != name) continue;
    const auto& value = layer.at(number);
    return fmt::format("{} ({})", name.get<std::string>(), value.is_null() ? "not finite" : fmt::format("{:.1f} dB", value.get<double>()));
  }
  return name.get<std::string>();
}

void read_layers(const Json& tensors, Blame& blame) {
  if (tensors.is_null()) return;
  blame.first_diverged = layer_text(tensors, tensors.at("first_diverged"), "sqnr_db");
  const auto& drops = tensors.at("by_drop");
  if (!drops.empty()) blame.largest_drop = layer_text(tensors, drops.front(), "drop_db");
}

void read_costs(const Json& map, Blame& blame) {
  if (map.is_null()) return;
  for (const auto& change : map.at("changes"))
    blame.cost.emplace_back(change.at("change").get<std::string>(), change.at("cost").at("mAP_50_95").get<double>());
  std::stable_sort(blame.cost.begin(), blame.cost.end(), [](const auto& l, const auto& r) { return l.second > r.second; });
}

/// Of a classifier the objects are images: found are those of which both files say the same class.
Blame blame_of_classes(const Json& document, const std::string& path) {
  const auto& classes = document.at("task_drift").at("classes");
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

Blame blame_from_document(const Json& document, const std::string& path) {
  try {
    const auto& detections = document.at("detections");
    if (detections.is_null()) return blame_of_classes(document, path);
    const auto& seen = detections.at("against_a");
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
    for (const auto& [name, counts] : seen.at("extra").items()) blame.extra += counts.at("all").get<std::int64_t>();
    read_costs(detections.at("map"), blame);
    read_layers(document.at("tensors"), blame);
    return blame;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::input, fmt::format("comparison: {}: {}; remove it and run again with --resume", path, error.what()));
  }
}

}  // namespace nibble

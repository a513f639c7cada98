// SPDX-License-Identifier: Apache-2.0
#include "report/agreement_text.h"

#include <fmt/format.h>

#include "report/task_words.h"

namespace nibble {
namespace {

constexpr std::int64_t kFewObjects = 20;  // below, single objects decide the number
constexpr double kBad = 0.6;              // of mAP 50-95; few bits that went well give 0.8 and more

}  // namespace

std::string describe(const FloatAgreement& a, Task task) {
  const auto where = fmt::format("{} {} image{}", a.images, a.is_held_out ? "held-out" : "calibration", a.images == 1 ? "" : "s");
  if (a.objects == 0) return fmt::format("agreement with the float network: none to measure, it is sure of no object on {}", where);
  return fmt::format("agreement with the float network: {} {:.4f}, {} {:.4f}, its {} object{} on {} as labels", of_boxes(task, "mAP_50_95"),
                     a.map_50_95, of_boxes(task, "mAP_50"), a.map_50, a.objects, a.objects == 1 ? "" : "s", where);
}

std::vector<std::string> objections_to(const FloatAgreement& a, Task task, const std::string& source) {
  std::vector<std::string> lines;
  if (!a.is_held_out)
    lines.push_back(
        fmt::format("no image is held out: all images of {} calibrate, so what is measured on them flatters; add more there, or leave "
                    "some to judge by with a lower --calib-images.",
                    source));
  if (a.objects == 0)
    lines.push_back(
        fmt::format("the float network is sure of no object on {} image{}: whether the quantised one still finds what it should is "
                    "not known; give images that show its classes.",
                    a.images, a.images == 1 ? "" : "s"));
  else if (a.map_50_95 < kBad)
    lines.push_back(
        fmt::format("the quantised network finds only a part of what the float one is sure of ({} {:.4f} with that as "
                    "labels, {} objects); calibrate on more or other images, or give it more bits.",
                    of_boxes(task, "mAP_50_95"), a.map_50_95, a.objects));
  else if (a.objects < kFewObjects)
    lines.push_back(fmt::format("the agreement with the float network hangs on {} objects; more images make it sure.", a.objects));
  return lines;
}

Json to_json(const FloatAgreement& a) {
  Json json = {{"images", a.images}, {"held_out", a.is_held_out}, {"objects", a.objects}};
  json["mAP_50_95"] = a.objects > 0 ? Json(a.map_50_95) : Json();
  json["mAP_50"] = a.objects > 0 ? Json(a.map_50) : Json();
  return json;
}

FloatAgreement float_agreement_from_json(const PlacedJson& json) {
  FloatAgreement agreement{.images = json.at("images"), .is_held_out = json.at("held_out"), .objects = json.at("objects")};
  if (agreement.objects == 0) return agreement;
  agreement.map_50_95 = json.at("mAP_50_95");
  agreement.map_50 = json.at("mAP_50");
  return agreement;
}

}  // namespace nibble

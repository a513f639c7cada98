// SPDX-License-Identifier: Apache-2.0
#include "scoring/level_check.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/progress.h"
#include "eval/coco_match.h"
#include "scoring/output_parity.h"

namespace nibble {
namespace {

constexpr double kConfident = 0.25;
constexpr double kSameBox = 0.9;

std::vector<Tensor> outputs_at(const std::filesystem::path& model, const DetectorFile& detector, const std::vector<Tensor>& inputs,
                               Provider provider, Optimization level, const RuntimeOptions& runtime) {
  auto options = session_options(runtime, level != Optimization::off);
  options.provider = provider;
  options.highest = level;
  const Session session(model, options);
  std::vector<Tensor> outputs;
  for (const auto& input : inputs) {
    throw_if_interrupted();
    outputs.push_back(detections_output(detector, session.run({input})));
  }
  return outputs;
}

std::vector<Detection> confident(const DetectorFile& detector, const Tensor& output) {
  const Letterbox whole{1, 0, 0, detector.image_size.width, detector.image_size.height};
  DecodeOptions options;
  options.confidence = kConfident;
  return decode_output(output, 0, detector.kind, detector.class_count, detector.strides, whole, 0, detector.image_size, options);
}

/// Intersection over union, sides counting as a thousandth of a pixel at least: boxes without area are found again where they were.
double overlap(std::array<double, 4> a, std::array<double, 4> b) {
  constexpr double kLeastSide = 1e-3;
  for (auto* box : {&a, &b})
    for (const std::size_t side : {2U, 3U}) (*box)[side] = std::max((*box)[side], kLeastSide);
  return coco::overlap_of(a, b, false);
}

double largest_gap(const std::array<double, 4>& a, const std::array<double, 4>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

/// Each of `others` counts once.
void match(const std::vector<Detection>& detections, std::vector<Detection> others, LevelAgreement& agreement) {
  agreement.reference_detections += static_cast<std::int64_t>(detections.size());
  agreement.detections += static_cast<std::int64_t>(others.size());
  for (const auto& detection : detections) {
    const auto same = std::find_if(others.begin(), others.end(), [&](const Detection& other) {
      return other.category_id == detection.category_id && overlap(detection.box_xywh_px, other.box_xywh_px) > kSameBox;
    });
    if (same == others.end()) continue;
    ++agreement.matched;
    agreement.matched_score = std::max(agreement.matched_score, std::abs(detection.score - same->score));
    agreement.matched_box_px = std::max(agreement.matched_box_px, largest_gap(detection.box_xywh_px, same->box_xywh_px));
    others.erase(same);
  }
}

LevelAgreement agreement_of(const DetectorFile& detector, const std::vector<Tensor>& reference, const std::vector<Tensor>& other) {
  LevelAgreement agreement;
  for (std::size_t i = 0; i < reference.size(); ++i) {
    const auto parity = compare_outputs("level", reference[i], other[i], detector.kind);
    agreement.max_score = std::max(agreement.max_score, parity.max_score);
    agreement.max_box_px = std::max(agreement.max_box_px, parity.max_box_px);
    match(confident(detector, reference[i]), confident(detector, other[i]), agreement);
  }
  return agreement;
}

}  // namespace

std::vector<LevelAgreement> check_levels(const std::filesystem::path& model, const DetectorFile& detector,
                                         const std::vector<Tensor>& inputs, const RuntimeOptions& runtime) {
  const auto reference = outputs_at(model, detector, inputs, Provider::cpu, Optimization::off, runtime);
  const auto asked = parse_provider(runtime.provider);
  std::vector<LevelAgreement> rows;
  for (const auto provider : {Provider::cpu, Provider::cuda}) {
    if (provider != Provider::cpu && provider != asked) continue;
    for (const auto level : {Optimization::off, Optimization::basic, Optimization::extended, Optimization::all}) {
      if (provider == Provider::cpu && level == Optimization::off) continue;
      auto row = agreement_of(detector, reference, outputs_at(model, detector, inputs, provider, level, runtime));
      row.provider = name_of(provider);
      row.level = name_of(level);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace nibble

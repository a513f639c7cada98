// SPDX-License-Identifier: Apache-2.0
#include "calibration/score_correction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "base/log.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kQuarter = 0.25, kHalf = 0.5;
constexpr std::int64_t kLeastDetections = 20;
constexpr double kLeastSlope = 0.25, kMostSlope = 4;

double logit(double score) { return std::log(score / (1 - score)); }

std::int64_t count_above(const std::vector<double>& descending, double threshold) {
  return std::partition_point(descending.begin(), descending.end(), [&](double score) { return score >= threshold; }) - descending.begin();
}

/// The logit in the middle between the count-th best score and the next one.
double logit_at(const std::vector<double>& descending, std::int64_t count) {
  const auto last = static_cast<std::size_t>(count - 1);
  const double next = last + 1 < descending.size() ? descending[last + 1] : descending[last];
  return (logit(descending[last]) + logit(next)) / 2;
}

Tensor scaled(const Tensor& tensor, double factor, double shift = 0) {
  const auto values = tensor.as<float>();
  std::vector<float> result;
  result.reserve(values.size());
  for (const float value : values) result.push_back(static_cast<float>(factor * value + shift));
  return Tensor::of<float>(tensor.shape(), std::move(result));
}

/// The convolutions whose outputs, reshaped, are joined to the class logits.
std::vector<const Node*> class_convolutions(const Graph& graph) {
  std::vector<const Node*> convolutions;
  for (const ValueId level : producer_of(graph, find_logits(graph).classes)->inputs) {
    const Node* reshape = producer_of(graph, level);
    const Node* convolution = reshape ? producer_of(graph, reshape->inputs[0]) : nullptr;
    if (!convolution || !std::holds_alternative<op::Conv>(convolution->op) || convolution->inputs.size() < 3)
      throw Error(ErrorKind::internal, "score correction: class logits that no convolution with a bias gives");
    convolutions.push_back(convolution);
  }
  return convolutions;
}

std::vector<double> scores_of(const std::vector<Detection>& detections) {
  std::vector<double> scores;
  for (const auto& detection : detections) scores.push_back(detection.score);
  return scores;
}

}  // namespace

std::optional<ScoreCorrection> fit_score_correction(std::vector<double> float_scores, std::vector<double> quantized_scores,
                                                    std::string& why_not) {
  std::sort(float_scores.begin(), float_scores.end(), std::greater<>());
  std::sort(quantized_scores.begin(), quantized_scores.end(), std::greater<>());
  ScoreCorrection found;
  found.above_quarter = count_above(float_scores, kQuarter);
  found.above_half = count_above(float_scores, kHalf);
  found.quantized_above_quarter = count_above(quantized_scores, kQuarter);
  found.quantized_above_half = count_above(quantized_scores, kHalf);
  if (found.above_half < kLeastDetections || found.above_quarter - found.above_half < kLeastDetections) {
    why_not = fmt::format("the float network is sure of too little: {} detections above 0.25, {} above 0.5", found.above_quarter,
                          found.above_half);
    return std::nullopt;
  }
  if (static_cast<std::int64_t>(quantized_scores.size()) < found.above_quarter || quantized_scores.front() >= 1) {
    why_not = fmt::format("the quantised network has {} detections where the float one has {} above 0.25", quantized_scores.size(),
                          found.above_quarter);
    return std::nullopt;
  }
  const double quarter = logit_at(quantized_scores, found.above_quarter), half = logit_at(quantized_scores, found.above_half);
  found.slope = (logit(kHalf) - logit(kQuarter)) / (half - quarter);
  found.shift = logit(kHalf) - found.slope * half;
  if (found.slope >= kLeastSlope && found.slope <= kMostSlope) return found;
  why_not = fmt::format("its slope would be {:.3g}, outside {} to {}", found.slope, kLeastSlope, kMostSlope);
  return std::nullopt;
}

Graph with_score_correction(const Graph& graph, const ScoreCorrection& correction) {
  Graph corrected = graph;
  for (const Node* convolution : class_convolutions(graph)) {
    Value& weight = corrected.value(convolution->inputs[1]);
    Value& bias = corrected.value(convolution->inputs[2]);
    if (weight.quant) {
      weight.quant->scale = scaled(weight.quant->scale, correction.slope);
    } else {
      weight.constant = scaled(*weight.constant, correction.slope);
    }
    bias.constant = scaled(*bias.constant, correction.slope, correction.shift);
  }
  return corrected;
}

std::optional<ScoreCorrection> find_score_correction(const CalibrationJob& job, const SeenByBoth& seen) {
  if (!job.recipe.score_correction) return std::nullopt;
  std::string why_not;
  auto found = fit_score_correction(scores_of(seen.by_float), scores_of(seen.by_quantized), why_not);
  if (!found) {
    log(LogLevel::info, fmt::format("{}: scores are left as they are: {}", job.recipe.name, why_not));
    return std::nullopt;
  }
  found->images = static_cast<std::int64_t>(seen.images.dataset.images.size());
  log(LogLevel::info, fmt::format("{}: scores corrected on {} images: logit s' = {:.4f} logit s {:+.4f}; detections above 0.25: {} (float: "
                                  "{}), above 0.5: {} (float: {}) before",
                                  job.recipe.name, found->images, found->slope, found->shift, found->quantized_above_quarter,
                                  found->above_quarter, found->quantized_above_half, found->above_half));
  return found;
}

}  // namespace nibble

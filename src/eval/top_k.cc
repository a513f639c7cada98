// SPDX-License-Identifier: Apache-2.0
#include "eval/top_k.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::size_t kMostClasses = 5;

/// What is known of one image, by its position in the data set.
struct Guess {
  std::optional<std::int64_t> label;
  std::vector<const Detection*> classes;
  bool is_first = false, is_among_five = false;
};

[[noreturn]] void refuse(const CocoDataset& set, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("evaluation: {}: {}", set.source.string(), why));
}

std::vector<Guess> gather(const CocoDataset& set, const std::vector<Detection>& detections) {
  std::unordered_map<std::int64_t, std::size_t> positions;
  for (const auto& image : set.images) positions.emplace(image.id, positions.size());
  std::vector<Guess> guesses(set.images.size());
  const auto at = [&](std::int64_t image) -> Guess& {
    const auto found = positions.find(image);
    if (found == positions.end())
      refuse(set, fmt::format("image {} is not in the data set; use the images the detections were made for", image));
    return guesses[found->second];
  };
  for (const auto& annotation : set.annotations) {
    auto& label = at(annotation.image_id).label;
    if (label) refuse(set, fmt::format("image {} has two classes", annotation.image_id));
    label = annotation.category_id;
  }
  for (const auto& detection : detections) {
    if (!std::isfinite(detection.score)) refuse(set, fmt::format("image {}: a score is not finite", detection.image_id));
    at(detection.image_id).classes.push_back(&detection);
  }
  return guesses;
}

void judge(Guess& guess) {
  auto& classes = guess.classes;
  std::stable_sort(classes.begin(), classes.end(), [](const auto* a, const auto* b) { return a->score > b->score; });
  const auto right = std::find_if(classes.begin(), classes.end(), [&](const auto* c) { return c->category_id == *guess.label; });
  guess.is_first = right == classes.begin() && right != classes.end();
  guess.is_among_five = right != classes.end() && right - classes.begin() < static_cast<std::ptrdiff_t>(kMostClasses);
}

}  // namespace

std::vector<Detection> best_classes(std::span<const float> probabilities, std::size_t count, std::int64_t image_id) {
  const std::vector<float> scores(probabilities.begin(), probabilities.end());
  if (!std::all_of(scores.begin(), scores.end(), [](float score) { return std::isfinite(score); }))
    throw Error(ErrorKind::numeric, fmt::format("network output: image {}: a probability is not finite", image_id));
  std::vector<Detection> best;
  for (const auto k : by_descending_score(scores)) {
    if (best.size() == count) break;
    best.push_back({image_id, static_cast<std::int64_t>(k), scores[k], {}});
  }
  return best;
}

Resampled<ClassificationMetrics> evaluate_classes(const CocoDataset& ground_truth, const std::vector<Detection>& detections,
                                                  const Resampling& resampling) {
  auto guesses = gather(ground_truth, detections);
  for (std::size_t i = 0; i < guesses.size(); ++i) {
    if (!guesses[i].label) refuse(ground_truth, fmt::format("image {} has no class", ground_truth.images[i].id));
    judge(guesses[i]);
  }
  ClassificationMetrics metrics;
  for (const auto& category : ground_truth.categories) {
    ClassTopK row{category.id, category.name};
    for (const auto& guess : guesses) {
      if (guess.label != category.id) continue;
      ++row.images;
      row.top_1 += guess.is_first;
      row.top_5 += guess.is_among_five;
    }
    if (row.images == 0) continue;
    row.top_1 /= static_cast<double>(row.images), row.top_5 /= static_cast<double>(row.images);
    metrics.per_class.push_back(std::move(row));
  }
  metrics.num_images = static_cast<std::int64_t>(guesses.size());
  const auto shares = [&](const Weights& weights) -> std::vector<double> {
    double first = 0, among_five = 0, all = 0;
    for (std::size_t i = 0; i < guesses.size(); ++i) {
      all += weights[i];
      first += guesses[i].is_first ? weights[i] : 0;
      among_five += guesses[i].is_among_five ? weights[i] : 0;
    }
    return {first / all, among_five / all};
  };
  if (guesses.empty()) return {std::move(metrics), {}};
  const auto found = shares(Weights(guesses.size(), 1));
  metrics.top_1 = found[0], metrics.top_5 = found[1];
  return with_intervals(std::move(metrics), draw_samples(guesses.size(), resampling, shares));
}

}  // namespace nibble

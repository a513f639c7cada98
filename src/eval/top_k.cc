// SPDX-License-Identifier: Apache-2.0
#include "eval/top_k.h"

#include <cmath>

#include "nibble/error.h"

namespace nibble {

std::int64_t rank_of(std::span<const float> probabilities, std::int64_t label) {
  const float own = probabilities[static_cast<std::size_t>(label)];
  std::int64_t rank = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (!std::isfinite(probabilities[i])) throw Error(ErrorKind::numeric, "network output: a probability is not finite");
    rank += probabilities[i] > own || (probabilities[i] == own && static_cast<std::int64_t>(i) < label);
  }
  return rank;
}

void TopKMeter::add(std::int64_t label, std::int64_t rank) {
  constexpr std::int64_t kMost = 5;
  Count& count = counts_[label];
  ++count.images;
  count.first += rank == 0;
  count.among_five += rank < kMost;
}

ClassificationMetrics TopKMeter::result() const {
  ClassificationMetrics metrics;
  std::int64_t first = 0, among_five = 0;
  for (const auto& [label, count] : counts_) {
    const auto named = names_.find(label);
    const auto images = static_cast<double>(count.images);
    metrics.per_class.push_back({label, named == names_.end() ? std::to_string(label) : named->second,
                                 static_cast<double>(count.first) / images, static_cast<double>(count.among_five) / images, count.images});
    metrics.num_images += count.images;
    first += count.first;
    among_five += count.among_five;
  }
  if (metrics.num_images == 0) return metrics;
  metrics.top_1 = static_cast<double>(first) / static_cast<double>(metrics.num_images);
  metrics.top_5 = static_cast<double>(among_five) / static_cast<double>(metrics.num_images);
  return metrics;
}

}  // namespace nibble

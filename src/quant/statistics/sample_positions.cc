// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/sample_positions.h"

#include <algorithm>
#include <cmath>

namespace nibble {

std::int64_t samples_of_batch(const std::vector<std::int64_t>& weight_shape, std::int64_t images, std::int64_t count) {
  constexpr std::int64_t kMost = 32768, kOfAnImage = 340, kOfAColumn = 24;
  const std::int64_t columns = weight_shape[1] * weight_shape[2] * weight_shape[3];
  const std::int64_t all = std::max(std::min(kMost, kOfAnImage * images), kOfAColumn * columns);
  return (all * count + images - 1) / images;
}

std::vector<std::int64_t> uniform_positions(std::int64_t available, std::int64_t count, std::mt19937_64& random) {
  count = std::min(count, available);
  std::vector<std::int64_t> positions(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t first = i * available / count;
    const std::int64_t last = (i + 1) * available / count;
    positions[i] = first + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(last - first));
  }
  return positions;
}

std::vector<std::int64_t> weighted_positions(const at::Tensor& weights, std::int64_t count) {
  at::Tensor flat = weights.reshape({-1}).to(at::kCPU, at::kDouble).contiguous();
  count = std::min(count, flat.numel());
  double total = flat.sum().item<double>();
  if (!(total > 0)) {
    flat = at::ones_like(flat);
    total = static_cast<double>(flat.numel());
  }
  const auto* weight = flat.data_ptr<double>();
  const double step = total / static_cast<double>(count);
  std::vector<std::int64_t> positions;
  double passed = weight[0];
  for (std::int64_t i = 0, here = 0; i < count; ++i) {
    const double wanted = (static_cast<double>(i) + 0.5) * step;
    while (passed < wanted && here + 1 < flat.numel()) passed += weight[++here];
    positions.push_back(here);
  }
  return positions;
}

double affordable_importance(double mean_square, double positions, std::int64_t columns) {
  constexpr double kEffectiveOfAColumn = 4;
  const double room = positions / (kEffectiveOfAColumn * static_cast<double>(columns)) - 1;
  if (room <= 0) return 0;
  return mean_square - 1 <= room ? 1 : std::sqrt(room / (mean_square - 1));
}

}  // namespace nibble

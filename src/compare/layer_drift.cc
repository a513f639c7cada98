// SPDX-License-Identifier: Apache-2.0
#include "compare/layer_drift.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

double decibels(double signal, double error) {
  if (error == 0) return kInfinite;
  return signal == 0 ? -kInfinite : 10 * std::log10(signal / error);
}

}  // namespace

void DriftMeter::add(const std::string& layer, const Tensor& a_tensor, const Tensor& b_tensor) {
  const auto& shape = a_tensor.shape();
  if (shape != b_tensor.shape())
    throw Error(ErrorKind::input, fmt::format("compare: layer {}: gives {} in one file and {} in the other; these are not the same network",
                                              layer, shape, b_tensor.shape()));
  const Tensor a_floats = a_tensor.to(DType::f32), b_floats = b_tensor.to(DType::f32);
  const auto a = a_floats.as<float>(), b = b_floats.as<float>();
  const auto channels = shape.size() < 2 ? std::size_t{1} : static_cast<std::size_t>(shape[1]);
  channels_.resize(std::max(channels_.size(), channels));
  const auto images = shape.empty() || shape[0] == 0 ? std::size_t{1} : static_cast<std::size_t>(shape[0]);
  const auto run = a.size() / (images * std::max(channels, std::size_t{1}));
  for (std::size_t block = 0; block * run < a.size(); ++block) {
    Channel sums;
    sums.count = static_cast<double>(run);
    for (std::size_t i = block * run; i < (block + 1) * run; ++i) {
      const double x = a[i], e = static_cast<double>(b[i]) - x;
      sums.a += x;
      sums.e += e;
      sums.aa += x * x;
      sums.ae += x * e;
      sums.ee += e * e;
    }
    is_finite_ = is_finite_ && std::isfinite(sums.aa + sums.ee);
    auto& channel = channels_[block % channels];
    channel.count += sums.count;
    channel.a += sums.a;
    channel.e += sums.e;
    channel.aa += sums.aa;
    channel.ae += sums.ae;
    channel.ee += sums.ee;
  }
}

LayerDrift DriftMeter::result(const std::string& layer) const {
  LayerDrift drift;
  drift.layer = layer;
  drift.is_finite = is_finite_;
  if (!is_finite_) return drift;
  double error = 0, mean = 0, gain = 0, covariance = 0, variance = 0;
  for (const auto& c : channels_) {
    if (c.count == 0) continue;
    error += c.ee;
    mean += c.e * c.e / c.count;
    // Of the channel around its mean: a's power, and its product with the error. Cauchy-Schwarz bounds what gain can explain.
    const double power = std::max(c.aa - c.a * c.a / c.count, 0.0), product = c.ae - c.a * c.e / c.count;
    const double centred_error = std::max(c.ee - c.e * c.e / c.count, 0.0);
    if (power > 0) gain += std::min(product * product / power, centred_error);
    covariance += product;
    variance += power;
  }
  drift.sqnr_db = decibels(variance, error);
  if (variance > 0) drift.slope = 1 + covariance / variance;
  if (error > 0) {
    drift.mean_share = std::min(mean / error, 1.0);
    drift.gain_share = std::min(gain / error, 1 - drift.mean_share);
    drift.noise_share = 1 - drift.mean_share - drift.gain_share;
  }
  return drift;
}

}  // namespace nibble

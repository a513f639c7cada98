// SPDX-License-Identifier: Apache-2.0
#include "calibration/convergence.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <span>

#include "base/vector_clones.h"
#include "export/value_sites.h"
#include "nibble/error.h"
#include "ort/session.h"
#include "scoring/detector_file.h"

namespace nibble {
namespace {

constexpr std::int64_t kFirstRow = 8, kLastRow = 1024;
constexpr double kWorstTenth = 0.9;

/// The value that a share `rank` of all lies below or at.
double quantile(std::vector<double> values, double rank) {
  std::sort(values.begin(), values.end());
  return values.at(static_cast<std::size_t>(std::lround(rank * static_cast<double>(values.size() - 1))));
}

ConvergenceRow row_of(const std::vector<InputStatistics>& layers, std::int64_t n) {
  std::vector<double> errors, ranges;
  for (const auto& layer : layers) {
    errors.push_back(layer.moment_error(n));
    ranges.push_back(layer.range_reached(n));
  }
  return {n, quantile(errors, 0.5), quantile(errors, kWorstTenth), quantile(ranges, 0.5), quantile(ranges, 1 - kWorstTenth)};
}

/// Inner values that convolutions read, each once. What the image itself feeds is left out: it is no statistic of the network.
std::vector<std::string> inputs_of(const std::filesystem::path& model, const std::string& image) {
  std::vector<std::string> values;
  for (const auto& site : find_convolutions(model))
    if (site.input != image && std::find(values.begin(), values.end(), site.input) == values.end()) values.push_back(site.input);
  if (values.empty()) throw Error(ErrorKind::input, fmt::format("statistics: {}: has no two convolutions in a row", model.string()));
  return values;
}

/// Sum of squares, each exact in double; `largest` is raised to the largest magnitude. Not finite where a value is not. Several sums side
/// by side, because one alone would wait for each addition.
NIBBLE_VECTOR_CLONES double add_power(std::span<const float> values, float& largest) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  std::array<float, kLanes> most{};
  const auto take = [&](std::size_t lane, float value) {
    sums[lane] += static_cast<double>(value) * value;
    most[lane] = std::max(most[lane], std::abs(value));
  };
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane) take(lane, values[i + lane]);
  for (; i < values.size(); ++i) take(i % kLanes, values[i]);
  largest = std::max(largest, *std::max_element(most.begin(), most.end()));
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

}  // namespace

void InputStatistics::add(const Tensor& input) {
  const auto& shape = input.shape();
  if (shape.size() < 2) throw Error(ErrorKind::input, "statistics: the input of a convolution has no channels");
  const Tensor floats = input.to(DType::f32);
  const auto values = floats.as<float>();
  const auto channels = static_cast<std::size_t>(shape[1]);
  const auto run = values.size() / channels;
  sum_.resize(channels);
  sum_of_squares_.resize(channels);
  float largest = 0;
  for (std::size_t c = 0; c < channels; ++c) {
    double power = add_power(values.subspan(c * run, run), largest);
    power /= static_cast<double>(std::max<std::size_t>(run, 1));
    if (!std::isfinite(power)) throw Error(ErrorKind::numeric, "statistics: the input of a convolution is not finite; check the model");
    sum_[c] += power;
    sum_of_squares_[c] += power * power;
  }
  largest_.push_back(largest);
}

double InputStatistics::moment_error(std::int64_t n) const {
  const auto images = static_cast<double>(largest_.size());
  double variance = 0, squares = 0;
  for (std::size_t c = 0; c < sum_.size(); ++c) {
    const double mean = sum_[c] / images;
    variance += std::max(sum_of_squares_[c] - images * mean * mean, 0.0) / (images - 1);
    squares += mean * mean;
  }
  return squares > 0 ? std::sqrt(variance / static_cast<double>(n) / squares) : 0;
}

double InputStatistics::range_reached(std::int64_t n) const {
  auto sorted = largest_;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const auto images = static_cast<std::int64_t>(sorted.size());
  if (n >= images || sorted.front() == 0) return 1;
  // The k-th largest is the largest of a draw when it is in and the k - 1 larger ones are not.
  double expected = 0, none_larger = 1;
  for (std::int64_t k = 0; k < images; ++k) {
    const double left = static_cast<double>(images - k), is_in = std::min(static_cast<double>(n) / left, 1.0);
    expected += none_larger * is_in * sorted[static_cast<std::size_t>(k)];
    none_larger *= 1 - is_in;
  }
  return expected / sorted.front();
}

Convergence measure_convergence(const std::filesystem::path& model, std::int64_t images, const std::function<Tensor(std::int64_t)>& input,
                                const RuntimeOptions& runtime, Progress& progress) {
  if (images < 2)
    throw Error(ErrorKind::input, fmt::format("statistics: {} image: how they vary cannot be told; give two or more", images));
  const auto image_name = Session(model, session_options(runtime, true)).inputs().at(0).name;
  const auto values = inputs_of(model, image_name);
  const Session session(model_with_outputs(model, values), model, session_options(runtime, true));
  std::vector<InputStatistics> layers(values.size());
  progress.begin("measure statistics", images);
  for (std::int64_t i = 0; i < images; ++i) {
    throw_if_interrupted();
    const auto outputs = session.run({input(i)});
    for (std::size_t layer = 0; layer < layers.size(); ++layer) layers[layer].add(outputs[layer]);
    progress.step();
  }
  Convergence result;
  result.images = images;
  result.layers = static_cast<std::int64_t>(layers.size());
  for (std::int64_t n = kFirstRow; n <= kLastRow; n *= 2) {
    result.rows.push_back(row_of(layers, n));
    if (result.recommended == 0 && result.rows.back().worst_error <= kEnough) result.recommended = n;
  }
  progress.end(fmt::format("{} layers on {} images", layers.size(), images));
  return result;
}

}  // namespace nibble

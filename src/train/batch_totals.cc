// SPDX-License-Identifier: Apache-2.0
#include "train/batch_totals.h"

namespace nibble {
namespace {

/// Number, sum and sum of squares of the elements.
constexpr std::size_t kMoments = 3;

/// A device is waited for once, not for each output.
void append_moments(std::vector<double>& counts, const std::vector<at::Tensor>& outputs) {
  if (outputs.empty()) return;
  std::vector<at::Tensor> rows;
  for (const auto& output : outputs) rows.push_back(at::stack({output.mean(), output.var(/*unbiased=*/false)}));
  const at::Tensor table = at::stack(rows).to(at::kCPU, at::kDouble);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto number = static_cast<double>(outputs[i].numel());
    const double mean = table.data_ptr<double>()[2 * i], variance = table.data_ptr<double>()[2 * i + 1];
    counts.insert(counts.end(), {number, number * mean, number * (variance + mean * mean)});
  }
}

BatchTotals::Output whole_output(const double* moments, double own_number) {
  const double number = moments[0], mean = moments[1] / number;
  const double variance = (moments[2] - number * mean * mean) / (number - 1);
  return {own_number / number, at::scalar_tensor(variance, at::kFloat)};
}

}  // namespace

BatchTotals add_up_totals(Processes& processes, BatchTotals own, const std::vector<at::Tensor>& own_outputs, std::size_t outputs) {
  if (processes.size() == 1) {
    for (const auto& output : own_outputs) own.outputs.push_back({1, output.var()});
    return own;
  }
  std::vector<double> counts = {own.images, own.detections, own.targets};
  const std::size_t first = counts.size();
  append_moments(counts, own_outputs);
  counts.resize(first + kMoments * outputs, 0.0);
  const std::vector<double> own_counts = counts;
  processes.sum(counts);
  BatchTotals all{counts[0], counts[1], counts[2], {}};
  for (std::size_t at = first; at < counts.size(); at += kMoments) all.outputs.push_back(whole_output(&counts[at], own_counts[at]));
  return all;
}

}  // namespace nibble

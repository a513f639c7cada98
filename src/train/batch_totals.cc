// SPDX-License-Identifier: Apache-2.0
#include "train/batch_totals.h"

namespace nibble {
namespace {

constexpr std::size_t kCounts = 3;   // of a part
constexpr std::size_t kMoments = 3;  // of an output

BatchTotals::Output whole_output(const double* moments) {
  const double number = moments[0], mean = moments[1] / number;
  return {number, at::scalar_tensor((moments[2] - number * mean * mean) / (number - 1), at::kFloat)};
}

}  // namespace

BatchCounter::BatchCounter(std::size_t outputs) : counts_(kCounts + kMoments * outputs, 0.0) {}

void BatchCounter::add(const BatchTotals& part, const std::vector<at::Tensor>& outputs) {
  counts_[0] += part.images;
  counts_[1] += part.detections;
  counts_[2] += part.targets;
  if (outputs.empty()) return;
  std::vector<at::Tensor> rows;  // a device is waited for once, not for each output
  for (const auto& output : outputs) rows.push_back(at::stack({output.mean(), output.var(/*unbiased=*/false)}));
  const at::Tensor table = at::stack(rows).to(at::kCPU, at::kDouble);
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const auto number = static_cast<double>(outputs[i].numel());
    const double mean = table.data_ptr<double>()[2 * i], variance = table.data_ptr<double>()[2 * i + 1];
    double* moments = &counts_[kCounts + kMoments * i];
    moments[0] += number;
    moments[1] += number * mean;
    moments[2] += number * (variance + mean * mean);
  }
}

BatchTotals BatchCounter::sum(Processes& processes) const {
  std::vector<double> counts = counts_;
  if (processes.size() > 1) processes.sum(counts);
  BatchTotals all{counts[0], counts[1], counts[2], {}};
  for (std::size_t at = kCounts; at < counts.size(); at += kMoments) all.outputs.push_back(whole_output(&counts[at]));
  return all;
}

}  // namespace nibble

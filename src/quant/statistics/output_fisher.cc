// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/output_fisher.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "exec/convert.h"
#include "exec/net.h"
#include "quant/statistics/random_loss.h"
#include "quant/statistics/sample_positions.h"

namespace nibble {
namespace {

/// `trace` [B,H,W]. `share`: of all images that this batch holds.
std::vector<std::int64_t> draw_positions(const at::Tensor& trace, double importance, std::int64_t columns, double share,
                                         std::int64_t count) {
  const at::Tensor relative = trace / trace.mean().clamp_min(1e-30);
  const double positions = static_cast<double>(trace.numel()) / share;
  importance = std::min(importance, affordable_importance(relative.square().mean().item<double>(), positions, columns));
  return weighted_positions(relative * importance + (1 - importance), count);
}

}  // namespace

FisherByNode output_fisher(const at::Device& device, const Graph& baseline, const std::vector<std::size_t>& nodes,
                           const CalibrationImages& images, const CalibrateOptions& options, Progress& progress) {
  const at::AutoGradMode with_gradients(true);
  const Net net(baseline, device);
  std::vector<ValueId> wanted = head_ids(options.head);
  const auto parts = static_cast<std::ptrdiff_t>(wanted.size());
  for (const std::size_t node : nodes) wanted.push_back(baseline.nodes[node].outputs[0]);
  at::Generator random = at::make_generator<at::CPUGeneratorImpl>(options.seed);
  const std::int64_t batch = options.recipe.calibration.batch;
  // A step back needs all that the pass before it made. A GPU has room for that of a batch, and is busy with no less.
  const std::int64_t at_once = device.is_cpu() ? 1 : batch;
  FisherByNode result;
  progress.begin(fmt::format("gradients {}", options.recipe.name), images.count);
  for (std::int64_t first = 0; first < images.count; first += batch) {
    const std::int64_t count = std::min(batch, images.count - first);
    std::vector<std::vector<at::Tensor>> traces(nodes.size());
    for (std::int64_t part = first; part < first + count; part += at_once) {
      throw_if_interrupted();
      const std::int64_t number = std::min(at_once, first + count - part);
      const at::Tensor pixels = to_torch(images.load(part, number)).to(device).contiguous(at::MemoryFormat::ChannelsLast);
      const std::vector<at::Tensor> values = net.forward(pixels.set_requires_grad(true), wanted);
      at::Tensor loss = at::zeros({}, values[0].options());
      for (std::int64_t i = 0; i < number; ++i) {  // each with draws of its own, however many go together
        std::vector<at::Tensor> of_image;
        for (std::ptrdiff_t k = 0; k < parts; ++k) of_image.push_back(values[static_cast<std::size_t>(k)].slice(0, i, i + 1));
        loss = loss + random_loss(options.head, head_values(options.head, of_image), options.recipe.distillation, random);
      }
      const auto gradients = torch::autograd::grad({loss}, {values.begin() + parts, values.end()}, {}, {}, false, /*allow_unused=*/true);
      for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (!gradients[i].defined()) continue;  // the head does not hang on it
        const at::Tensor by_position = gradients[i].permute({0, 2, 3, 1}).reshape({-1, gradients[i].size(1)});  // as they lie in memory
        at::Tensor& channels = result[nodes[i]].channels;
        const at::Tensor products = at::matmul(by_position.t(), by_position);
        channels = channels.defined() ? channels + products : products;
        traces[i].push_back(gradients[i].square().sum(1));
      }
      for (std::int64_t i = 0; i < number; ++i) progress.step(fmt::format("of {} convolutions", result.size()));
    }
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (traces[i].empty()) continue;
      const Shape& weight = baseline.value(baseline.nodes[nodes[i]].inputs[1]).constant->shape();
      result[nodes[i]].positions.push_back(
          draw_positions(at::cat(traces[i]), options.recipe.weights.importance, weight[1] * weight[2] * weight[3],
                         static_cast<double>(count) / static_cast<double>(images.count), samples_of_batch(weight, images.count, count)));
    }
  }
  for (auto& [node, fisher] : result) fisher.channels = fisher.channels.to(at::kCPU);
  progress.end(fmt::format("of {} convolutions on {} images", result.size(), images.count));
  return result;
}

}  // namespace nibble

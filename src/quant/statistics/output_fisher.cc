// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/output_fisher.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "exec/convert.h"
#include "exec/net.h"
#include "quant/statistics/head_loss.h"
#include "quant/statistics/sample_positions.h"

namespace nibble {
namespace {

/// Drawn on the CPU: the same ones on every device.
at::Tensor random_signs(const at::Tensor& like, at::Generator& random) {
  return at::bernoulli(at::full_like(like, 0.5, at::TensorOptions().device(at::kCPU)), random).mul_(2).sub_(1).to(like.device());
}

/// Its gradient with respect to the logits has, over the signs, the Fisher information as covariance: diag(p (1 - p)) of the classes,
/// diag(q) - q q^T of each side's bins, 1 / sigma^2 of a side that is one number. Drawing classes and bins themselves gives the same on
/// average, but with rare large values.
at::Tensor random_loss(const at::Tensor& boxes, const at::Tensor& classes, const DistillationRecipe& weights, at::Generator& random) {
  const at::Tensor p = at::sigmoid(classes.detach());
  const at::Tensor of_classes = ((p * (1 - p) * weights.class_weight).sqrt() * random_signs(p, random) * classes).sum();
  const at::Tensor weight = (std::get<0>(p.max(1)) * weights.box_weight).sqrt_();  // [B,A]
  const std::int64_t bins = bins_of(boxes);
  if (bins == 1) return of_classes + (random_signs(boxes, random) / side_spread(boxes.detach()) * boxes * weight.unsqueeze(1)).sum();
  const at::Tensor sides = boxes.reshape({boxes.size(0), 4, bins, boxes.size(2)});
  const at::Tensor q = at::softmax(sides.detach(), 2);
  const at::Tensor noise = q.sqrt() * random_signs(q, random);
  return of_classes + ((noise - q * noise.sum(2, true)) * sides * weight.unsqueeze(1).unsqueeze(1)).sum();
}

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
  std::vector<ValueId> wanted{options.head.boxes, options.head.classes};
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
      for (std::int64_t i = 0; i < number; ++i)  // each with draws of its own, however many go together
        loss = loss + random_loss(values[0].slice(0, i, i + 1), values[1].slice(0, i, i + 1), options.recipe.distillation, random);
      const auto gradients = torch::autograd::grad({loss}, {values.begin() + 2, values.end()}, {}, {}, false, /*allow_unused=*/true);
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

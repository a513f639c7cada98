// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/output_fisher.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>

#include "comm/shared_work.h"
#include "exec/convert.h"
#include "exec/net.h"
#include "quant/statistics/random_loss.h"
#include "quant/statistics/sample_positions.h"
#include "quant/statistics/unit_bytes.h"

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

/// Images of which a batch consists.
struct Batch {
  std::int64_t first = 0, count = 0;
  bool has_gradients = true;
};

std::vector<Batch> batches_of(std::int64_t images, std::int64_t batch) {
  std::vector<Batch> batches;
  for (std::int64_t first = 0; first < images; first += batch) batches.push_back({first, std::min(batch, images - first)});
  const auto all = static_cast<std::int64_t>(batches.size()), wanted = std::min(all, (kGradientImages + batch - 1) / batch);
  for (std::int64_t i = 0; i < all; ++i) batches[i].has_gradients = i == 0 || i * wanted / all != (i - 1) * wanted / all;
  return batches;
}

/// Images that go through the network together, all of one batch.
struct Unit {
  std::int64_t first = 0, count = 0;
  std::int64_t before = 0;  ///< images of the units before
  std::size_t batch = 0;
  bool ends_batch = false;
};

/// A step back needs all that the pass before it made. A GPU has room for that of a batch, and is busy with no less.
std::vector<Unit> units_of(const std::vector<Batch>& batches, bool is_cpu) {
  std::vector<Unit> units;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto& [first, count, has_gradients] = batches[i];
    if (!has_gradients) continue;
    const std::int64_t at_once = is_cpu ? 1 : count;
    for (std::int64_t part = 0; part < count; part += at_once, before += at_once)
      units.push_back({first + part, at_once, before, i, part + at_once == count});
  }
  return units;
}

/// Gradients of one unit after another, in any of the processes: the random draws of the units that others compute are drawn as well.
class UnitGradients {
 public:
  UnitGradients(const at::Device& device, const Graph& baseline, const std::vector<std::size_t>& nodes, const CalibrationImages& images,
                const CalibrateOptions& options)
      : device_(device),
        baseline_(baseline),
        images_(images),
        options_(options),
        net_(baseline, device),
        heads_(head_ids(options.head)),
        wanted_(heads_),
        random_(at::make_generator<at::CPUGeneratorImpl>(options.seed)) {
    for (const std::size_t node : nodes) wanted_.push_back(baseline.nodes[node].outputs[0]);
  }

  /// For each node two tensors on the CPU: the sum of d d^T [O,O], and the trace of d d^T at each position [B,H,W]. Undefined where the
  /// head does not hang on the node. Units come in ascending order.
  std::vector<at::Tensor> of(const Unit& unit) {
    throw_if_interrupted();
    for (; drawn_ < unit.before; ++drawn_) draw_without_use();
    drawn_ += unit.count;
    const at::Tensor pixels = to_torch(images_.load(unit.first, unit.count)).to(device_).contiguous(at::MemoryFormat::ChannelsLast);
    const std::vector<at::Tensor> values = net_.forward(pixels.set_requires_grad(true), wanted_);
    at::Tensor loss = at::zeros({}, values[0].options());
    for (std::int64_t i = 0; i < unit.count; ++i) {  // each with draws of its own, however many go together
      std::vector<at::Tensor> of_image;
      for (std::size_t k = 0; k < heads_.size(); ++k) of_image.push_back(values[k].slice(0, i, i + 1));
      loss = loss + loss_of(of_image);
    }
    const auto parts = static_cast<std::ptrdiff_t>(heads_.size());
    const auto gradients = torch::autograd::grad({loss}, {values.begin() + parts, values.end()}, {}, {}, false, /*allow_unused=*/true);
    std::vector<at::Tensor> found;
    for (const at::Tensor& gradient : gradients) {
      if (!gradient.defined()) {
        found.insert(found.end(), 2, at::Tensor());
        continue;
      }
      const at::Tensor by_position = gradient.permute({0, 2, 3, 1}).reshape({-1, gradient.size(1)});  // as they lie in memory
      found.push_back(at::matmul(by_position.t(), by_position).to(at::kCPU));
      found.push_back(gradient.square().sum(1).to(at::kCPU));
    }
    return found;
  }

 private:
  at::Tensor loss_of(const std::vector<at::Tensor>& heads) {
    return random_loss(options_.head, head_values(options_.head, heads), options_.recipe.distillation, random_);
  }

  /// How many numbers are drawn depends on the shapes alone.
  void draw_without_use() {
    std::vector<at::Tensor> zeros;
    for (const ValueId id : heads_) {
      Shape shape = baseline_.value(id).shape;
      shape[0] = 1;
      zeros.push_back(at::zeros(shape));
    }
    loss_of(zeros);
  }

  const at::Device& device_;
  const Graph& baseline_;
  const CalibrationImages& images_;
  const CalibrateOptions& options_;
  const Net net_;
  const std::vector<ValueId> heads_;
  std::vector<ValueId> wanted_;
  at::Generator random_;
  std::int64_t drawn_ = 0;  ///< images whose numbers have been drawn
};

}  // namespace

FisherByNode output_fisher(const at::Device& device, const Graph& baseline, const std::vector<std::size_t>& nodes,
                           const CalibrationImages& images, const CalibrateOptions& options, Progress& progress) {
  const at::AutoGradMode with_gradients(true);
  Processes alone, &processes = options.processes ? *options.processes : alone;
  if (processes.is_first() && processes.size() > 1) options.call_others(SharedLoop::gradients);
  UnitGradients gradients(device, baseline, nodes, images, options);
  const std::vector<Batch> batches = batches_of(images.count, options.recipe.calibration.batch);
  const std::vector<Unit> units = units_of(batches, device.is_cpu());
  const std::int64_t taken = units.back().before + units.back().count;
  FisherByNode result;
  std::vector<std::vector<at::Tensor>> traces(nodes.size());
  std::vector<std::int64_t> positions_of_an_image(nodes.size());
  const auto shape_of = [&](std::size_t node) -> const Shape& { return baseline.value(baseline.nodes[node].inputs[1]).constant->shape(); };
  progress.begin(fmt::format("gradients {}", options.recipe.name), taken);
  const auto take = [&](std::int64_t number, const std::string& bytes) {
    const Unit& unit = units[static_cast<std::size_t>(number)];
    const std::vector<at::Tensor> found = tensors_from_bytes(bytes);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!found[2 * i].defined()) continue;  // the head does not hang on it
      at::Tensor& channels = result[nodes[i]].channels;
      channels = channels.defined() ? channels + found[2 * i] : found[2 * i];
      traces[i].push_back(found[2 * i + 1]);
      positions_of_an_image[i] = found[2 * i + 1].numel() / unit.count;
    }
    for (std::int64_t i = 0; i < unit.count; ++i) progress.step(fmt::format("of {} convolutions", result.size()));
    if (!unit.ends_batch) return;
    const Batch& batch = batches[unit.batch];
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (traces[i].empty()) continue;
      const Shape& weight = shape_of(nodes[i]);
      auto& positions = result[nodes[i]].positions;
      positions.resize(batches.size());
      positions[unit.batch] = draw_positions(at::cat(traces[i]), options.recipe.weights.importance, weight[1] * weight[2] * weight[3],
                                             static_cast<double>(batch.count) / static_cast<double>(images.count),
                                             samples_of_batch(weight, images.count, batch.count));
      traces[i].clear();
    }
  };
  share_units(
      processes, static_cast<std::int64_t>(units.size()),
      [&](std::int64_t number) { return bytes_of(gradients.of(units[static_cast<std::size_t>(number)])); }, take);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto found = result.find(nodes[i]);
    for (std::size_t k = 0; k < batches.size() && found != result.end(); ++k)
      if (!batches[k].has_gradients)
        found->second.positions[k] = weighted_positions(at::ones({positions_of_an_image[i] * batches[k].count}),
                                                        samples_of_batch(shape_of(nodes[i]), images.count, batches[k].count));
  }
  progress.end(fmt::format("of {} convolutions on {} images", result.size(), taken));
  return result;
}

}  // namespace nibble

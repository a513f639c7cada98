// SPDX-License-Identifier: Apache-2.0
// The LibTorch side of quant/calibrate.h, exported from the shared module nibble_torch.
#include "quant/calibrate_island.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/version.h>

#include <algorithm>
#include <map>

#include "base/threads.h"
#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "nibble/error.h"
#include "quant/calibrate.h"
#include "quant/layer_quantizer.h"
#include "quant/place.h"
#include "quant/twin_run.h"

namespace nibble {
namespace {

/// Output positions that enter a layer's moments, over all images: enough for the largest Hessian, affordable for all.
std::int64_t samples_wanted(const at::Tensor& weight) {
  const std::int64_t columns = weight.size(1) * weight.size(2) * weight.size(3);
  return std::max<std::int64_t>(32768, 24 * columns);
}

PatchMoments gather_moments(const Node& node, const at::Tensor& weight, const std::optional<QuantParams>& activation, const TwinRun& run,
                            std::mt19937_64& random) {
  PatchMoments moments(std::get<op::Conv>(node.op), weight.sizes().vec());
  const std::int64_t per_batch = (samples_wanted(weight) + run.batches() - 1) / run.batches();
  for (std::int64_t batch = 0; batch < run.batches(); ++batch) {
    throw_if_interrupted();
    const at::Tensor wanted = run.wanted(batch);
    const at::Tensor seen = run.seen(batch);
    moments.add(activation ? fake_quantize(seen, *activation) : seen, wanted, per_batch, random);
  }
  return moments;
}

LayerStat float_stat(const Node& node, const LayerPlan& plan) {
  LayerStat stat;
  stat.node = node.name;
  stat.method = "float";
  stat.note = plan.note;
  return stat;
}

at::Tensor bias_of(const Graph& graph, const Node& node, const at::Tensor& weight) {
  return node.inputs.size() > 2 ? constant_of(graph.value(node.inputs[2])) : at::zeros({weight.size(0)});
}

/// The graph with the layers' codes, biases and activation quantisers in place.
Graph with_layers(const Graph& baseline, const std::map<std::size_t, QuantizedLayer>& layers) {
  Graph graph;
  graph.values = baseline.values;
  graph.inputs = baseline.inputs;
  graph.outputs = baseline.outputs;
  for (std::size_t i = 0; i < baseline.nodes.size(); ++i) {
    Node node = baseline.nodes[i];
    if (const auto found = layers.find(i); found != layers.end()) {
      const QuantizedLayer& layer = found->second;
      Value& weight = graph.value(node.inputs[1]);
      weight.constant = layer.codes;
      weight.quant = layer.weight;
      if (node.inputs.size() > 2)
        graph.value(node.inputs[2]).constant = layer.bias;
      else
        node.inputs.push_back(graph.add_constant(node.name + ".bias", layer.bias));
      if (layer.activation)
        node.inputs[0] = graph.add(node.name + ".input_quant", op::QuantizeDequantize{*layer.activation}, {node.inputs[0]});
    }
    graph.nodes.push_back(std::move(node));
  }
  verify(graph);
  return graph;
}

std::vector<std::size_t> nodes_of(const std::vector<LayerPlan>& plans) {
  std::vector<std::size_t> result;
  for (const LayerPlan& plan : plans)
    if (plan.weight) result.push_back(plan.node);
  return result;
}

/// A constant that two convolutions share would be changed twice.
void require_own_constants(const Graph& graph, const std::vector<LayerPlan>& plans) {
  std::map<ValueId, std::string> owners;
  for (const LayerPlan& plan : plans) {
    const Node& node = graph.nodes[plan.node];
    for (std::size_t i = 1; i < node.inputs.size(); ++i) {
      const auto [owner, fresh] = owners.emplace(node.inputs[i], node.name);
      if (!fresh && plan.weight)
        throw Error(ErrorKind::unsupported,
                    fmt::format("calibrate: {}: shares {} with {}", node.name, graph.value(node.inputs[i]).name, owner->second));
    }
  }
}

QuantizedLayer quantize_next(const Graph& graph, const LayerPlan& plan, const CalibrateOptions& options, const TwinRun& run) {
  const Node& node = graph.nodes[plan.node];
  const at::Tensor weight = constant_of(graph.value(node.inputs[1]));
  std::optional<QuantParams> activation;
  if (plan.activation)
    activation =
        choose_activation(*plan.activation, options.recipe.activations, run.batches(), [&](std::int64_t batch) { return run.seen(batch); });
  std::mt19937_64 random(options.seed * 1000003 + plan.node);
  const PatchMoments moments = gather_moments(node, weight, activation, run, random);
  QuantizedLayer layer = quantize_layer(node, weight, bias_of(graph, node, weight), plan, options.recipe, moments);
  layer.activation = activation;
  layer.stat.activation_bits = activation ? activation->spec.bits : 32;
  return layer;
}

CalibrationResult calibrate_in_torch(const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options,
                                     Progress& progress) {
  if (images.count == 0) throw Error(ErrorKind::input, "calibrate: no calibration images; give a folder or list with --calib");
  const c10::InferenceMode no_gradients;
  at::set_num_threads(thread_count(options.threads));
  const std::vector<LayerPlan> plans = place_quantizers(baseline, options.recipe);
  require_own_constants(baseline, plans);
  const std::vector<std::size_t> stops = nodes_of(plans);
  CalibrationResult result;
  result.images = images.count;
  std::map<std::size_t, QuantizedLayer> layers;
  progress.begin(fmt::format("calibrate {}", options.recipe.name), static_cast<std::int64_t>(stops.size()));
  std::optional<TwinRun> run;
  if (!stops.empty()) run.emplace(baseline, stops, images, options.recipe.calibration.batch, options.recipe.weights.error_propagation);
  for (const LayerPlan& plan : plans) {
    const Node& node = baseline.nodes[plan.node];
    if (!plan.weight) {
      result.layers.push_back(float_stat(node, plan));
      continue;
    }
    const QuantizedLayer& layer = layers[plan.node] = quantize_next(baseline, plan, options, *run);
    run->advance({dequantize(to_torch(layer.codes), layer.weight), to_torch(layer.bias), layer.activation});
    result.layers.push_back(layer.stat);
    progress.step(node.name);
  }
  result.graph = with_layers(baseline, layers);
  progress.end(fmt::format("{} of {} convolutions quantised on {} images", layers.size(), plans.size(), images.count));
  return result;
}

}  // namespace
}  // namespace nibble

/// LibTorch's exceptions end here.
extern "C" void nibble_calibrate(const nibble::Graph& baseline, const nibble::CalibrationImages& images,
                                 const nibble::CalibrateOptions& options, nibble::Progress& progress, nibble::CalibrationResult& result) {
  try {
    result = nibble::calibrate_in_torch(baseline, images, options, progress);
  } catch (const c10::Error& error) {
    throw nibble::Error(nibble::ErrorKind::internal, fmt::format("calibrate: LibTorch: {}", error.what_without_backtrace()));
  }
}

extern "C" void nibble_torch_info(nibble::TorchInfo& info) {
  info.version = TORCH_VERSION;
  info.has_cuda = at::hasCUDA();
  info.blas = at::hasMKL() ? "MKL" : "system BLAS (OpenBLAS recommended)";
}

static_assert(std::is_same_v<decltype(nibble_calibrate), nibble::CalibrateFunction>);
static_assert(std::is_same_v<decltype(nibble_torch_info), nibble::TorchInfoFunction>);

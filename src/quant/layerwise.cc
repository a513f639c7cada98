// SPDX-License-Identifier: Apache-2.0
#include "quant/layerwise.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <random>

#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "nibble/error.h"
#include "quant/statistics/paired_run.h"
#include "quant/statistics/sample_positions.h"

namespace nibble {
namespace {

at::Tensor bias_of(const Graph& graph, const Node& node, const at::Tensor& weight) {
  return node.inputs.size() > 2 ? constant_of(graph.value(node.inputs[2])) : at::zeros({weight.size(0)});
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

/// A convolution in front of which the run stands, and what its inputs are like.
class LayerStatistics {
 public:
  /// `fisher`: null where there is none.
  LayerStatistics(const Graph& graph, const LayerPlan& plan, const CalibrateOptions& options, const PairedRun& run, std::int64_t images,
                  const OutputFisher* fisher)
      : node_(graph.nodes[plan.node]),
        recipe_(options.recipe),
        weight_(constant_of(graph.value(node_.inputs[1]))),
        bias_(bias_of(graph, node_, weight_)),
        moments_(std::get<op::Conv>(node_.op), weight_) {
    if (plan.activation)
      activation_ =
          choose_activation(*plan.activation, recipe_.activations, run.batches(), [&](std::int64_t batch) { return run.seen(batch); });
    std::mt19937_64 random(options.seed * 1000003 + plan.node);
    if (fisher) channels_ = fisher->channels;
    for (std::int64_t batch = 0; batch < run.batches(); ++batch) {
      throw_if_interrupted();
      const at::Tensor wanted = run.wanted(batch);
      const at::Tensor seen = run.seen(batch);
      const std::int64_t count = samples_of_batch(weight_.sizes().vec(), images, seen.size(0));
      moments_.add(activation_ ? fake_quantize(seen, *activation_) : seen, wanted,
                   fisher ? fisher->positions[batch] : uniform_positions(moments_.positions_of(seen), count, random));
    }
  }

  QuantizedLayer quantized(const LayerPlan& plan) const {
    QuantizedLayer layer =
        quantize_layer(node_, weight_, bias_, plan, recipe_, moments_, recipe_.weights.couple_channels ? channels_ : at::Tensor());
    layer.activation = activation_;
    layer.stat.activation_bits = activation_ ? activation_->spec.bits : 32;
    return layer;
  }

 private:
  const Node& node_;
  const Recipe& recipe_;
  at::Tensor weight_, bias_;
  std::optional<QuantParams> activation_;
  PatchMoments moments_;
  at::Tensor channels_;
};

}  // namespace

std::vector<std::size_t> nodes_of(const std::vector<LayerPlan>& plans) {
  std::vector<std::size_t> result;
  for (const LayerPlan& plan : plans)
    if (plan.weight) result.push_back(plan.node);
  return result;
}

std::vector<QuantizedLayers> quantize_layers(const Graph& baseline, const std::vector<std::vector<LayerPlan>>& alternatives,
                                             const CalibrationImages& images, const CalibrateOptions& options, const FisherByNode& fisher,
                                             Progress& progress) {
  const c10::InferenceMode no_gradients;
  const std::vector<LayerPlan>& plans = alternatives.front();
  require_own_constants(baseline, plans);
  const std::vector<std::size_t> stops = nodes_of(plans);
  std::vector<QuantizedLayers> results(alternatives.size());
  if (stops.empty()) return results;
  progress.begin(fmt::format("calibrate {}", options.recipe.name), static_cast<std::int64_t>(stops.size()));
  PairedRun run(baseline, stops, images, options.recipe.calibration.batch, options.recipe.weights.error_propagation);
  for (std::size_t i = 0; i < plans.size(); ++i) {
    if (!plans[i].weight) continue;
    const auto found = fisher.find(plans[i].node);
    const LayerStatistics statistics(baseline, plans[i], options, run, images.count, found == fisher.end() ? nullptr : &found->second);
    for (std::size_t k = 0; k < alternatives.size(); ++k) results[k][plans[i].node] = statistics.quantized(alternatives[k][i]);
    const QuantizedLayer& layer = results[0].at(plans[i].node);
    run.advance({dequantize(to_torch(layer.codes), layer.weight), to_torch(layer.bias), layer.activation});
    progress.step(layer.stat.node);
  }
  progress.end(fmt::format("{} of {} convolutions quantised on {} images", stops.size(), plans.size(), images.count));
  return results;
}

Graph with_layers(const Graph& baseline, const QuantizedLayers& layers) {
  return with_codes(baseline, CodesByNode(layers.begin(), layers.end()));
}

}  // namespace nibble

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
#include "quant/statistics/activation_range.h"
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

/// What the inputs of a convolution are like. It is shown all batches while they are computed; where the inputs get 8 bits, a range for
/// them has to be found first, and the batches are read a second time.
class LayerStatistics {
 public:
  /// `fisher`: null where there is none.
  LayerStatistics(const Graph& graph, const LayerPlan& plan, const CalibrateOptions& options, std::int64_t images,
                  const OutputFisher* fisher)
      : node_(graph.nodes[plan.node]),
        plan_(plan),
        recipe_(options.recipe),
        images_(images),
        fisher_(fisher),
        weight_(constant_of(graph.value(node_.inputs[1]))),
        bias_(bias_of(graph, node_, weight_)),
        moments_(std::get<op::Conv>(node_.op), weight_),
        random_(options.seed * 1000003 + plan.node) {}

  /// Batches come in ascending order. `seen` is what the quantised network gives the convolution, `wanted` what the float one does.
  void look_at(std::int64_t batch, const at::Tensor& seen, const at::Tensor& wanted) {
    if (!plan_.activation) return add(batch, seen, wanted);
    const at::Tensor x = seen.contiguous(seen.suggest_memory_format());
    histogram_.add({x.data_ptr<float>(), static_cast<std::size_t>(x.numel())});
  }

  /// After the last batch; `run` stands in front of the convolution.
  void finish(const PairedRun& run) {
    if (!plan_.activation) return;
    activation_ = choose_range(histogram_, *plan_.activation, recipe_.activations);
    for (std::int64_t batch = 0; batch < run.batches(); ++batch) {
      throw_if_interrupted();
      add(batch, fake_quantize(run.seen(batch), *activation_), run.wanted(batch));
    }
  }

  QuantizedLayer quantized(const LayerPlan& plan) const {
    const at::Tensor channels = fisher_ && recipe_.weights.couple_channels ? fisher_->channels : at::Tensor();
    QuantizedLayer layer = quantize_layer(node_, weight_, bias_, plan, recipe_, moments_, channels);
    layer.activation = activation_;
    layer.stat.activation_bits = activation_ ? activation_->spec.bits : 32;
    return layer;
  }

 private:
  void add(std::int64_t batch, const at::Tensor& seen, const at::Tensor& wanted) {
    const std::int64_t count = samples_of_batch(weight_.sizes().vec(), images_, seen.size(0));
    moments_.add(seen, wanted, fisher_ ? fisher_->positions[batch] : uniform_positions(moments_.positions_of(seen), count, random_));
  }

  const Node& node_;
  const LayerPlan& plan_;
  const Recipe& recipe_;
  const std::int64_t images_;
  const OutputFisher* fisher_;
  at::Tensor weight_, bias_;
  ValueHistogram histogram_;
  std::optional<QuantParams> activation_;
  PatchMoments moments_;
  std::mt19937_64 random_;
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
  std::optional<LayerStatistics> statistics;  // of the layer in front of which the run stands, or comes to stand
  const auto begin_layer = [&](const LayerPlan& plan) {
    const auto found = fisher.find(plan.node);
    statistics.emplace(baseline, plan, options, images.count, found == fisher.end() ? nullptr : &found->second);
  };
  const auto look_at = [&](std::int64_t batch, const at::Tensor& seen, const at::Tensor& wanted) {
    statistics->look_at(batch, seen, wanted);
  };
  const auto next_layer = [&](std::size_t i) {
    while (i < plans.size() && !plans[i].weight) ++i;
    return i;
  };
  std::size_t i = next_layer(0);
  begin_layer(plans[i]);
  PairedRun run(baseline, stops, images, options.recipe.calibration.batch, options.recipe.weights.error_propagation, look_at);
  for (;;) {
    statistics->finish(run);
    for (std::size_t k = 0; k < alternatives.size(); ++k) results[k][plans[i].node] = statistics->quantized(alternatives[k][i]);
    const QuantizedLayer& layer = results[0].at(plans[i].node);
    progress.step(layer.stat.node);
    i = next_layer(i + 1);
    if (i == plans.size()) break;
    begin_layer(plans[i]);
    run.advance({dequantize(to_torch(layer.codes), layer.weight), to_torch(layer.bias), layer.activation}, look_at);
  }
  progress.end(fmt::format("{} of {} convolutions quantised on {} images", stops.size(), plans.size(), images.count));
  return results;
}

Graph with_layers(const Graph& baseline, const QuantizedLayers& layers) {
  return with_codes(baseline, CodesByNode(layers.begin(), layers.end()));
}

}  // namespace nibble

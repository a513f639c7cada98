// SPDX-License-Identifier: Apache-2.0
#include "quant/bits/sensitivity.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>

#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "quant/statistics/head_loss.h"

namespace nibble {
namespace {

using Values = std::map<ValueId, at::Tensor>;

Values constants_of(const Graph& graph, const at::Device& device) {
  Values constants;
  for (std::size_t i = 0; i < graph.values.size(); ++i)
    if (graph.values[i].constant) constants[static_cast<ValueId>(i)] = constant_of(graph.values[i]).to(device);
  return constants;
}

/// How many nodes there are up to the last one that the head's logits need.
std::size_t nodes_before_decoding(const Graph& graph, const HeadLogits& head) {
  std::size_t end = 0;
  const std::vector<ValueId> ids = head_ids(head);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    for (const ValueId id : graph.nodes[i].outputs)
      if (std::find(ids.begin(), ids.end(), id) != ids.end()) end = i + 1;
  return end;
}

void evaluate_into(const Node& node, const Values& values, Values& results) {
  std::vector<at::Tensor> inputs;
  for (const ValueId id : node.inputs) {
    const auto changed = results.find(id);
    inputs.push_back(changed != results.end() ? changed->second : values.at(id));
  }
  const std::vector<at::Tensor> outputs = evaluate(node, inputs);
  for (std::size_t k = 0; k < outputs.size(); ++k) results[node.outputs[k]] = outputs[k];
}

/// What changes in the network when the variant stands in it.
Values changed_by(const Graph& graph, const LayerVariant& variant, const Values& values, std::size_t end) {
  const Node& node = graph.nodes[variant.node];
  const SubstituteConv& conv = variant.substitute;
  const at::Tensor& x = values.at(node.inputs[0]);
  Values changed{{node.outputs[0], convolve(std::get<op::Conv>(node.op), conv.activation ? fake_quantize(x, *conv.activation) : x,
                                            conv.weight.to(x.device()), conv.bias.to(x.device()))}};
  for (std::size_t i = variant.node + 1; i < end; ++i) {
    const Node& next = graph.nodes[i];
    if (std::any_of(next.inputs.begin(), next.inputs.end(), [&](ValueId id) { return changed.contains(id); }))
      evaluate_into(next, values, changed);
  }
  return changed;
}

template <class TensorOf>
std::vector<at::Tensor> tensors_of(const std::vector<ValueId>& ids, const TensorOf& tensor_of) {
  std::vector<at::Tensor> tensors;
  for (const ValueId id : ids) tensors.push_back(tensor_of(id));
  return tensors;
}

}  // namespace

std::vector<double> measure_damage(const at::Device& device, const Graph& baseline, const std::vector<LayerVariant>& variants,
                                   const CalibrationImages& images, std::int64_t image_count, const CalibrateOptions& options,
                                   Progress& progress) {
  const c10::InferenceMode no_gradients;
  const std::size_t end = nodes_before_decoding(baseline, options.head);
  const std::vector<ValueId> ids = head_ids(options.head);
  const Values constants = constants_of(baseline, device);
  const std::int64_t count = std::min(image_count, images.count);
  std::vector<double> damages(variants.size(), 0);
  double detections = 0;
  progress.begin(fmt::format("sensitivity {}", options.recipe.name), count);
  for (std::int64_t image = 0; image < count; ++image) {
    Values values = constants;
    values[baseline.inputs.front()] = to_torch(images.load(image, 1)).to(device).contiguous(at::MemoryFormat::ChannelsLast);
    for (std::size_t i = 0; i < end; ++i) evaluate_into(baseline.nodes[i], values, values);
    const HeadValues wanted = head_values(options.head, tensors_of(ids, [&](ValueId id) { return values.at(id); }));
    for (std::size_t v = 0; v < variants.size(); ++v) {
      throw_if_interrupted();
      const Values changed = changed_by(baseline, variants[v], values, end);
      const auto of = [&](ValueId id) { return changed.contains(id) ? changed.at(id) : values.at(id); };
      const HeadLoss loss = head_loss(options.head, wanted, head_values(options.head, tensors_of(ids, of)));
      damages[v] += (loss.classes + loss.boxes).item<double>();
    }
    detections += options.head.boxes < 0 ? 1 : std::get<0>(at::sigmoid(wanted.classes).max(1)).sum().item<double>();
    progress.step();
  }
  for (double& damage : damages) damage /= std::max(detections, 1e-6);
  progress.end(fmt::format("{} variants on {} images", variants.size(), count));
  return damages;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/bits/sensitivity.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "comm/shared_work.h"
#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "quant/statistics/head_loss.h"
#include "quant/statistics/unit_bytes.h"

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

/// What one image says: the damage of each variant, and behind them the float network's detections.
class ImageDamage {
 public:
  ImageDamage(const at::Device& device, const Graph& baseline, const std::vector<LayerVariant>& variants, const CalibrationImages& images,
              const CalibrateOptions& options)
      : device_(device),
        baseline_(baseline),
        variants_(variants),
        images_(images),
        head_(options.head),
        end_(nodes_before_decoding(baseline, options.head)),
        ids_(head_ids(options.head)),
        constants_(constants_of(baseline, device)) {}

  std::vector<double> of(std::int64_t image) const {
    std::vector<double> damages;
    Values values = constants_;
    values[baseline_.inputs.front()] = to_torch(images_.load(image, 1)).to(device_).contiguous(at::MemoryFormat::ChannelsLast);
    for (std::size_t i = 0; i < end_; ++i) evaluate_into(baseline_.nodes[i], values, values);
    const HeadValues wanted = head_values(head_, tensors_of(ids_, [&](ValueId id) { return values.at(id); }));
    for (const LayerVariant& variant : variants_) {
      throw_if_interrupted();
      const Values changed = changed_by(baseline_, variant, values, end_);
      const auto of = [&](ValueId id) { return changed.contains(id) ? changed.at(id) : values.at(id); };
      const HeadLoss loss = head_loss(head_, wanted, head_values(head_, tensors_of(ids_, of)));
      damages.push_back((loss.classes + loss.boxes).item<double>());
    }
    damages.push_back(head_.boxes < 0 ? 1 : std::get<0>(at::sigmoid(wanted.classes).max(1)).sum().item<double>());
    return damages;
  }

 private:
  const at::Device& device_;
  const Graph& baseline_;
  const std::vector<LayerVariant>& variants_;
  const CalibrationImages& images_;
  const HeadLogits& head_;
  const std::size_t end_;
  const std::vector<ValueId> ids_;
  const Values constants_;
};

/// Tensors of a variant, undefined where its input stays float: weight, bias, scale, zero point.
std::vector<at::Tensor> tensors_of(const LayerVariant& variant) {
  const SubstituteConv& conv = variant.substitute;
  if (!conv.activation) return {conv.weight, conv.bias, {}, {}};
  return {conv.weight, conv.bias, to_torch(conv.activation->scale), to_torch(conv.activation->zero_point)};
}

/// Process 0's variants and number of images, in all.
void send_variants(Processes& processes, std::vector<LayerVariant>& variants, std::int64_t& count) {
  std::vector<double> numbers = {static_cast<double>(variants.size()), static_cast<double>(count)};
  processes.broadcast(numbers);
  variants.resize(static_cast<std::size_t>(numbers[0]));
  count = static_cast<std::int64_t>(numbers[1]);
  for (LayerVariant& variant : variants) {
    QuantSpec spec = variant.substitute.activation ? variant.substitute.activation->spec : QuantSpec{};
    std::string head(sizeof(spec) + sizeof(variant.node), '\0'), body = processes.is_first() ? bytes_of(tensors_of(variant)) : "";
    std::memcpy(head.data(), &spec, sizeof(spec));
    std::memcpy(head.data() + sizeof(spec), &variant.node, sizeof(variant.node));
    processes.broadcast(head);
    processes.broadcast(body);
    if (processes.is_first()) continue;
    std::memcpy(&spec, head.data(), sizeof(spec));
    std::memcpy(&variant.node, head.data() + sizeof(spec), sizeof(variant.node));
    const std::vector<at::Tensor> tensors = tensors_from_bytes(body);
    variant.substitute = {tensors[0], tensors[1], std::nullopt};
    if (tensors[2].defined()) variant.substitute.activation = QuantParams{spec, from_torch(tensors[2]), from_torch(tensors[3])};
  }
}

std::string as_bytes(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

}  // namespace

std::vector<double> measure_damage(const at::Device& device, const Graph& baseline, const std::vector<LayerVariant>& given,
                                   const CalibrationImages& images, std::int64_t image_count, const CalibrateOptions& options,
                                   Progress& progress) {
  const c10::InferenceMode no_gradients;
  std::vector<LayerVariant> variants = given;
  std::int64_t count = std::min(image_count, images.count);
  Processes alone, &processes = options.processes ? *options.processes : alone;
  if (processes.size() > 1) {
    if (processes.is_first()) options.call_others(SharedLoop::damages);
    send_variants(processes, variants, count);
  }
  const ImageDamage damage(device, baseline, variants, images, options);
  std::vector<double> damages(variants.size() + 1, 0);  // the detections come last
  progress.begin(fmt::format("sensitivity {}", options.recipe.name), count);
  share_units(
      processes, count, [&](std::int64_t image) { return as_bytes(damage.of(image)); },
      [&](std::int64_t, const std::string& bytes) {
        for (std::size_t i = 0; i < damages.size(); ++i) {
          double of_image = 0;
          std::memcpy(&of_image, bytes.data() + i * sizeof(double), sizeof(double));
          damages[i] += of_image;
        }
        progress.step();
      });
  const double detections = damages.back();
  damages.pop_back();
  for (double& each : damages) each /= std::max(detections, 1e-6);
  progress.end(fmt::format("{} variants on {} images", variants.size(), count));
  return damages;
}

void help_to_measure_damage(const at::Device& device, const Graph& baseline, const CalibrationImages& images,
                            const CalibrateOptions& options) {
  Progress silence;
  measure_damage(device, baseline, {}, images, 0, options, silence);
}

}  // namespace nibble

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

constexpr std::int64_t kOfWhichOneHasHigh = 4;  ///< images of which one is gone through with the high form too

/// What changes in the network when `conv` stands in place of the node at `index`.
Values changed_by(const Graph& graph, std::size_t index, const SubstituteConv& conv, const Values& values, std::size_t end) {
  const Node& node = graph.nodes[index];
  const at::Tensor& x = values.at(node.inputs[0]);
  Values changed{{node.outputs[0], convolve(std::get<op::Conv>(node.op), conv.activation ? fake_quantize(x, *conv.activation) : x,
                                            conv.weight.to(x.device()), conv.bias.to(x.device()))}};
  for (std::size_t i = index + 1; i < end; ++i) {
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

/// What one image says: the low and the high form's damage for each layer in turn, and behind them the float network's detections.
class ImageDamage {
 public:
  ImageDamage(const at::Device& device, const Graph& baseline, const std::vector<LayerForms>& layers, const CalibrationImages& images,
              const CalibrateOptions& options)
      : device_(device),
        baseline_(baseline),
        layers_(layers),
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
    const auto damage_of = [&](std::size_t node, const SubstituteConv& conv) {
      throw_if_interrupted();
      const Values changed = changed_by(baseline_, node, conv, values, end_);
      const auto of = [&](ValueId id) { return changed.contains(id) ? changed.at(id) : values.at(id); };
      const HeadLoss loss = head_loss(head_, wanted, head_values(head_, tensors_of(ids_, of)));
      return (loss.classes + loss.boxes).item<double>();
    };
    for (const LayerForms& layer : layers_) {
      damages.push_back(damage_of(layer.node, layer.low));
      damages.push_back(has_high(image) ? damage_of(layer.node, layer.high) : 0);
    }
    damages.push_back(head_.boxes < 0 ? 1 : std::get<0>(at::sigmoid(wanted.classes).max(1)).sum().item<double>());
    return damages;
  }

  /// Shifted by one from four to four, so that processes that share the images share these too.
  static bool has_high(std::int64_t image) { return image % kOfWhichOneHasHigh == image / kOfWhichOneHasHigh % kOfWhichOneHasHigh; }

 private:
  const at::Device& device_;
  const Graph& baseline_;
  const std::vector<LayerForms>& layers_;
  const CalibrationImages& images_;
  const HeadLogits& head_;
  const std::size_t end_;
  const std::vector<ValueId> ids_;
  const Values constants_;
};

/// Weight, bias, scale, zero point; the last two undefined where the input stays float.
std::vector<at::Tensor> tensors_of(const SubstituteConv& conv) {
  if (!conv.activation) return {conv.weight, conv.bias, {}, {}};
  return {conv.weight, conv.bias, to_torch(conv.activation->scale), to_torch(conv.activation->zero_point)};
}

/// Process 0's in place of each other one's.
void send(Processes& processes, std::size_t& node, SubstituteConv& conv) {
  QuantSpec spec = conv.activation ? conv.activation->spec : QuantSpec{};
  std::string head(sizeof(spec) + sizeof(node), '\0'), body = processes.is_first() ? bytes_of(tensors_of(conv)) : "";
  std::memcpy(head.data(), &spec, sizeof(spec));
  std::memcpy(head.data() + sizeof(spec), &node, sizeof(node));
  processes.broadcast(head);
  processes.broadcast(body);
  if (processes.is_first()) return;
  std::memcpy(&spec, head.data(), sizeof(spec));
  std::memcpy(&node, head.data() + sizeof(spec), sizeof(node));
  const std::vector<at::Tensor> tensors = tensors_from_bytes(body);
  conv = {tensors[0], tensors[1], std::nullopt};
  if (tensors[2].defined()) conv.activation = QuantParams{spec, from_torch(tensors[2]), from_torch(tensors[3])};
}

/// Process 0's layers and number of images, in all.
void send_layers(Processes& processes, std::vector<LayerForms>& layers, std::int64_t& count) {
  std::vector<double> numbers = {static_cast<double>(layers.size()), static_cast<double>(count)};
  processes.broadcast(numbers);
  layers.resize(static_cast<std::size_t>(numbers[0]));
  count = static_cast<std::int64_t>(numbers[1]);
  for (LayerForms& layer : layers) {
    send(processes, layer.node, layer.low);
    send(processes, layer.node, layer.high);
  }
}

std::string as_bytes(const std::vector<double>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)};
}

std::vector<double> as_numbers(const std::string& bytes) {
  std::vector<double> values(bytes.size() / sizeof(double));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

/// Sums over images.
struct DamageSums {
  double low = 0, low_of_high_images = 0, high = 0;

  LayerDamage per(double detections) const {
    const double ratio = low_of_high_images > 0 ? low / low_of_high_images : 1;
    return {low / detections, high * ratio / detections};
  }
};

}  // namespace

std::vector<LayerDamage> measure_damage(const at::Device& device, const Graph& baseline, const std::vector<LayerForms>& given,
                                        const CalibrationImages& images, std::int64_t image_count, const CalibrateOptions& options,
                                        Progress& progress) {
  const c10::InferenceMode no_gradients;
  std::vector<LayerForms> layers = given;
  std::int64_t count = std::min(image_count, images.count);
  Processes alone, &processes = options.processes ? *options.processes : alone;
  if (processes.size() > 1) {
    if (processes.is_first()) options.call_others(SharedLoop::damages);
    send_layers(processes, layers, count);
  }
  const ImageDamage damage(device, baseline, layers, images, options);
  std::vector<DamageSums> sums(layers.size());
  double detections = 0;
  progress.begin(fmt::format("sensitivity {}", options.recipe.name), count);
  share_units(
      processes, count, [&](std::int64_t image) { return as_bytes(damage.of(image)); },
      [&](std::int64_t image, const std::string& bytes) {
        const std::vector<double> of_image = as_numbers(bytes);
        for (std::size_t i = 0; i < sums.size(); ++i) {
          sums[i].low += of_image[2 * i];
          if (ImageDamage::has_high(image)) sums[i].low_of_high_images += of_image[2 * i];
          sums[i].high += of_image[2 * i + 1];
        }
        detections += of_image.back();
        progress.step();
      });
  std::vector<LayerDamage> damages;
  for (const DamageSums& sum : sums) damages.push_back(sum.per(std::max(detections, 1e-6)));
  progress.end(fmt::format("{} layers in two forms on {} images", layers.size(), count));
  return damages;
}

void help_to_measure_damage(const at::Device& device, const Graph& baseline, const CalibrationImages& images,
                            const CalibrateOptions& options) {
  Progress silence;
  measure_damage(device, baseline, {}, images, 0, options, silence);
}

}  // namespace nibble

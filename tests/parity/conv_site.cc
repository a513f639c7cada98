// SPDX-License-Identifier: Apache-2.0
#include "parity/conv_site.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "export/constant_eval.h"
#include "export/onnx_types.h"

namespace nibble::testing {
namespace {

std::string text_of(const onnx::TensorProto& tensor) {
  return fmt::format("{}[{}]", onnx_type::name_of(tensor.data_type()), fmt::join(tensor.dims(), ","));
}

std::string text_of(const onnx::AttributeProto& attribute) {
  if (attribute.type() == onnx::AttributeProto::INT) return fmt::format("{}={}", attribute.name(), attribute.i());
  if (attribute.type() == onnx::AttributeProto::INTS) return fmt::format("{}=[{}]", attribute.name(), fmt::join(attribute.ints(), ","));
  return attribute.name() + "=?";
}

/// "DequantizeLinear(float32[2], int8[2]; axis=0)": parameters and attributes. Bounds of Clip with their values.
std::string text_of(const OnnxIndex& index, const onnx::NodeProto& node) {
  std::vector<std::string> parameters, attributes;
  for (int i = 1; i < node.input_size(); ++i) {
    const auto* tensor = index.constant(node.input(i));
    if (!tensor) continue;
    parameters.push_back(text_of(*tensor));
    if (node.op_type() == "Clip") parameters.back() += fmt::format("={}", elements_of(*tensor).front());
  }
  for (const auto& attribute : node.attribute()) attributes.push_back(text_of(attribute));
  std::sort(attributes.begin(), attributes.end());
  return fmt::format("{}({}; {})", node.op_type(), fmt::join(parameters, ", "), fmt::join(attributes, ", "));
}

Tensor codes_of(const onnx::TensorProto& tensor) {
  const auto values = elements_of(tensor);
  return Tensor::of<std::int8_t>({tensor.dims().begin(), tensor.dims().end()}, std::vector<std::int8_t>(values.begin(), values.end()));
}
Tensor floats_of(const onnx::TensorProto& tensor) {
  const auto values = elements_of(tensor);
  return Tensor::of<float>({tensor.dims().begin(), tensor.dims().end()}, std::vector<float>(values.begin(), values.end()));
}

class SiteReader {
 public:
  explicit SiteReader(const onnx::GraphProto& graph) : index_(graph) {}

  ConvSite read(const onnx::NodeProto& conv) const {
    ConvSite site;
    site.name = conv.name();
    if (const auto* bias = conv.input_size() > 2 ? index_.constant(conv.input(2)) : nullptr) {
      site.bias = floats_of(*bias);
      if (bias->name().ends_with(".bias")) site.name = bias->name().substr(0, bias->name().size() - 5);
    }
    site.layout = fmt::format("weight: {}\ninput: {}\n{}", weight(conv, site), input(conv, site), text_of(index_, conv));
    return site;
  }

 private:
  std::string weight(const onnx::NodeProto& conv, ConvSite& site) const {
    if (const auto* tensor = index_.constant(conv.input(1))) return text_of(*tensor);
    const auto* dequantize = index_.producer(conv.input(1));
    std::string text = " -> " + text_of(index_, *dequantize);
    std::string source = dequantize->input(0);
    QuantSpec spec{8, true, false, Granularity::tensor, 0};
    if (const auto* clip = index_.producer(source); clip && clip->op_type() == "Clip") {
      text = " -> " + text_of(index_, *clip) + text;
      const auto high = elements_of(*index_.constant(clip->input(2))).front(), low = elements_of(*index_.constant(clip->input(1))).front();
      while (spec.bits > 2 && spec.max_code() > high) --spec.bits;
      spec.narrow = low == -high;
      source = clip->input(0);
    }
    const auto* scale = index_.constant(dequantize->input(1));
    if (scale->dims_size() > 0) spec.granularity = Granularity::channel;
    site.codes = codes_of(*index_.constant(source));
    site.params = QuantParams{spec, floats_of(*scale), codes_of(*index_.constant(dequantize->input(2)))};
    return text_of(*index_.constant(source)) + text;
  }

  std::string input(const onnx::NodeProto& conv, ConvSite& site) const {
    const auto* dequantize = index_.producer(conv.input(0));
    if (!dequantize || dequantize->op_type() != "DequantizeLinear") return "float";
    const auto* quantize = index_.producer(dequantize->input(0));
    site.input_scale = static_cast<float>(elements_of(*index_.constant(quantize->input(1))).front());
    const bool same = quantize->input(1) == dequantize->input(1) && quantize->input(2) == dequantize->input(2);
    return fmt::format("{} -> {}{}", text_of(index_, *quantize), text_of(index_, *dequantize), same ? " with the same parameters" : "");
  }

  OnnxIndex index_;
};

}  // namespace

std::vector<ConvSite> conv_sites(const onnx::ModelProto& model) {
  const SiteReader reader(model.graph());
  std::vector<ConvSite> sites;
  for (const auto& node : model.graph().node())
    if (node.op_type() == "Conv") sites.push_back(reader.read(node));
  return sites;
}

Graph with_sites(Graph graph, const std::vector<ConvSite>& sites) {
  std::map<std::string, const ConvSite*> by_name;
  for (const auto& site : sites) by_name[site.name] = &site;
  std::vector<Node> nodes;
  for (auto& node : graph.nodes) {
    const auto found = std::holds_alternative<op::Conv>(node.op) ? by_name.find(node.name) : by_name.end();
    if (found != by_name.end() && found->second->params) {
      auto& weight = graph.value(node.inputs[1]);
      weight.constant = found->second->codes;
      weight.quant = found->second->params;
    }
    if (found != by_name.end() && found->second->bias) graph.value(node.inputs.at(2)).constant = found->second->bias;
    if (found != by_name.end() && found->second->input_scale) {
      const Value source = graph.value(node.inputs[0]);
      graph.values.push_back({node.name + ".input_quant_output", DType::f32, source.shape, std::nullopt, std::nullopt});
      const auto id = static_cast<ValueId>(graph.values.size() - 1);
      const QuantParams params{QuantSpec{}, Tensor::scalar(*found->second->input_scale), Tensor::scalar(std::int8_t{0})};
      nodes.push_back({node.name + ".input_quant", op::QuantizeDequantize{params}, {node.inputs[0]}, {id}, ""});
      node.inputs[0] = id;
    }
    nodes.push_back(std::move(node));
  }
  graph.nodes = std::move(nodes);
  return graph;
}

}  // namespace nibble::testing

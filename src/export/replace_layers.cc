// SPDX-License-Identifier: Apache-2.0
#include "export/replace_layers.h"

#include <fmt/format.h>

#include <algorithm>

#include "export/constant_eval.h"
#include "export/onnx_file.h"
#include "export/onnx_types.h"
#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void refuse(ErrorKind kind, const std::filesystem::path& path, const std::string& why) {
  throw Error(kind, fmt::format("compare: {}: {}", path.string(), why));
}

/// By the node's name, or its output's where it has none (sites.h).
bool is_called(const onnx::NodeProto& node, const std::string& name) {
  return node.op_type() == "Conv" && node.input_size() >= 2 && node.output_size() == 1 &&
         (node.name().empty() ? node.output(0) : node.name()) == name;
}

template <class Nodes>
auto find_convolution(Nodes& nodes, const std::string& name, const std::filesystem::path& path) {
  const auto found = std::find_if(nodes.begin(), nodes.end(), [&](const auto& node) { return is_called(node, name); });
  if (found == nodes.end()) refuse(ErrorKind::input, path, fmt::format("has no convolution '{}'", name));
  return found;
}

std::string add_floats(onnx::GraphProto& graph, const std::string& name, const EvaluatedConstant& constant) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(onnx_type::kFloat);
  for (const auto extent : constant.shape) tensor.add_dims(extent);
  std::vector<float> values(constant.values.begin(), constant.values.end());
  tensor.set_raw_data(values.data(), values.size() * sizeof(float));
  return name;
}

/// x -> QuantizeLinear -> [Clip] -> DequantizeLinear: x; another value: itself.
std::string before_quantiser(const OnnxIndex& index, const std::string& name) {
  const auto* node = index.producer(name);
  if (!node || node->op_type() != "DequantizeLinear") return name;
  node = index.producer(node->input(0));
  if (node && node->op_type() == "Clip") node = index.producer(node->input(0));
  return node && node->op_type() == "QuantizeLinear" ? node->input(0) : name;
}

bool has_bias(const onnx::NodeProto& conv) { return conv.input_size() > 2 && !conv.input(2).empty(); }

void require_float(const onnx::ModelProto& model, const std::filesystem::path& path) {
  const OnnxIndex index(model.graph());
  for (const auto& node : model.graph().node())
    if (node.op_type() == "Conv" && node.input_size() >= 2)
      if (const auto type = evaluate_constant(index, node.input(1)).type; type != onnx_type::kFloat)
        refuse(ErrorKind::unsupported, path,
               fmt::format("computes in {}; layers can be exchanged in float32 files only", onnx_type::name_of(type)));
}

}  // namespace

struct LayerReplacer::Files {
  Files(const std::filesystem::path& stock, const std::filesystem::path& donor)
      : stock_path(stock), donor_path(donor), stock_model(read_onnx(stock)), donor_model(read_onnx(donor)) {}
  const std::filesystem::path stock_path, donor_path;
  const onnx::ModelProto stock_model, donor_model;
};

LayerReplacer::LayerReplacer(const std::filesystem::path& stock, const std::filesystem::path& donor)
    : files_(std::make_shared<const Files>(stock, donor)) {
  require_float(files_->stock_model, stock);
}

std::string LayerReplacer::with_replaced(const std::vector<LayerReplacement>& replacements, const std::vector<std::string>& outputs) const {
  const auto& stock = files_->stock_model.graph();
  const auto& donor = files_->donor_model.graph();
  const OnnxIndex stock_index(stock), donor_index(donor);
  auto model = files_->stock_model;
  auto& graph = *model.mutable_graph();
  for (const auto& [into, from, keep_input_quantiser] : replacements) {
    auto& conv = *find_convolution(*graph.mutable_node(), into, files_->stock_path);
    const auto& given = *find_convolution(donor.node(), from, files_->donor_path);
    const auto weight = evaluate_constant(donor_index, given.input(1));
    if (weight.shape != evaluate_constant(stock_index, conv.input(1)).shape || has_bias(conv) != has_bias(given))
      refuse(ErrorKind::input, files_->stock_path,
             fmt::format("convolution '{}' has another shape than '{}' of {}", into, from, files_->donor_path.string()));
    if (!keep_input_quantiser) conv.set_input(0, before_quantiser(stock_index, conv.input(0)));
    conv.set_input(1, add_floats(graph, into + ".grafted_weight", weight));
    if (has_bias(conv)) conv.set_input(2, add_floats(graph, into + ".grafted_bias", evaluate_constant(donor_index, given.input(2))));
  }
  graph.mutable_output()->Clear();
  for (const auto& value : outputs) graph.add_output()->set_name(value);
  return model.SerializeAsString();
}

}  // namespace nibble

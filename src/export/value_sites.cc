// SPDX-License-Identifier: Apache-2.0
#include "export/value_sites.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

#include "export/onnx_file.h"
#include "export/unpack_chain.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr int kMaxDepth = 8;  // Clip, DequantizeLinear, Cast and Identity between a weight and its convolution

Shape weight_shape(const OnnxIndex& index, std::string name) {
  if (auto chain = find_unpack_chain(index, name)) return chain->shape;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    if (const auto* tensor = index.constant(name)) return shape_of(*tensor, name);
    const auto* node = index.producer(name);
    if (!node || node->input_size() == 0) break;
    name = node->input(0);
  }
  return {};
}

/// Of each value, the convolutions it was made from directly.
class Ancestry {
 public:
  std::vector<std::size_t> of(const std::string& value) const {
    const auto found = sources_.find(value);
    return found == sources_.end() ? std::vector<std::size_t>{} : std::vector<std::size_t>(found->second.begin(), found->second.end());
  }
  void pass_through(const onnx::NodeProto& node) {
    std::set<std::size_t> all;
    for (const auto& input : node.input())
      if (const auto found = sources_.find(input); found != sources_.end()) all.insert(found->second.begin(), found->second.end());
    if (all.empty()) return;
    for (const auto& output : node.output()) sources_[output] = all;
  }
  void begin(const std::string& value, std::size_t convolution) { sources_[value] = {convolution}; }

 private:
  std::unordered_map<std::string, std::set<std::size_t>> sources_;
};

}  // namespace

std::vector<ConvSite> find_convolutions(const std::filesystem::path& model) {
  const auto proto = read_onnx(model);
  const OnnxIndex index(proto.graph());
  Ancestry ancestry;
  std::vector<ConvSite> sites;
  for (const auto& node : proto.graph().node()) {
    if (node.op_type() != "Conv" || node.input_size() < 2 || node.output_size() != 1) {
      ancestry.pass_through(node);
      continue;
    }
    const auto& output = node.output(0);
    sites.push_back({node.name().empty() ? output : node.name(), node.input(0), output, weight_shape(index, node.input(1)),
                     ancestry.of(node.input(0))});
    ancestry.begin(output, sites.size() - 1);
  }
  return sites;
}

std::vector<QuantizerSite> find_quantizers(const std::filesystem::path& model) {
  const auto proto = read_onnx(model);
  const OnnxIndex index(proto.graph());
  std::vector<QuantizerSite> sites;
  std::unordered_map<std::string, std::size_t> places;  // output of a quantiser -> its site
  for (const auto& node : proto.graph().node()) {
    if (node.input_size() == 0 || node.output_size() != 1) continue;
    const auto& output = node.output(0);
    if (node.op_type() == "QuantizeLinear" && !index.constant(node.input(0))) {
      places.emplace(output, sites.size());
      sites.push_back({node.name().empty() ? output : node.name(), output});
    } else if (const auto found = places.find(node.input(0)); node.op_type() == "Clip" && found != places.end()) {
      sites[found->second].codes = output;
    }
  }
  return sites;
}

std::string model_with_outputs(const std::filesystem::path& model, const std::vector<std::string>& values) {
  auto proto = read_onnx(model);
  const OnnxIndex index(proto.graph());
  for (const auto& value : values)
    if (!index.producer(value)) throw Error(ErrorKind::input, fmt::format("ONNX: {}: no node gives a value '{}'", model.string(), value));
  auto& outputs = *proto.mutable_graph()->mutable_output();
  outputs.Clear();
  for (const auto& value : values) outputs.Add()->set_name(value);  // ONNX Runtime infers type and shape
  return proto.SerializeAsString();
}

}  // namespace nibble

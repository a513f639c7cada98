// SPDX-License-Identifier: Apache-2.0
#include "exec/net.h"

#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "exec/convert.h"
#include "exec/kernels.h"
#include "nibble/error.h"

namespace nibble {
namespace {

Tensor of_torch(const at::Tensor& tensor) { return from_torch(tensor); }

/// QuantizeDequantize, 4-bit convolution with a scale per channel, SiLU, float convolution, and a branch nobody asks for.
Graph quantized_network() {
  Graph graph;
  const ValueId images = graph.add_input("images", {1, 3, 8, 8});
  const QuantParams activation{QuantSpec{.bits = 8}, Tensor::scalar(0.02F), Tensor::scalar<std::int8_t>(-31)};
  const ValueId x = graph.add("first.input_quant", op::QuantizeDequantize{activation}, {images});
  const ValueId codes = graph.add_constant("first.weight", of_torch(at::randint(-8, 8, {4, 3, 3, 3}).to(at::kChar)));
  graph.value(codes).quant = QuantParams{QuantSpec{.bits = 4, .granularity = Granularity::channel}, of_torch(at::rand({4}) + 0.1),
                                         of_torch(at::randint(-8, 8, {4}).to(at::kChar))};
  graph.value(codes).dtype = DType::f32;
  const ValueId bias = graph.add_constant("first.bias", of_torch(at::randn({4})));
  const ValueId y = graph.add("act", op::Silu{}, {graph.add("first", op::Conv{.padding = {1, 1}}, {x, codes, bias})});
  const ValueId weight = graph.add_constant("second.weight", of_torch(at::randn({2, 4, 1, 1})));
  graph.add("unused", op::Relu{}, {y});
  graph.outputs = {graph.add("second", op::Conv{}, {y, weight})};
  verify(graph);
  return graph;
}

at::Tensor evaluated(const Graph& graph, const at::Tensor& images) {
  std::map<ValueId, at::Tensor> values{{graph.inputs[0], images}};
  for (const Node& node : graph.nodes) {
    std::vector<at::Tensor> inputs;
    for (const ValueId id : node.inputs) inputs.push_back(graph.value(id).constant ? constant_of(graph.value(id)) : values.at(id));
    values[node.outputs[0]] = evaluate(node, inputs)[0];
  }
  return values.at(graph.outputs[0]);
}

TEST(Net, ComputesWhatTheGraphSays) {
  const Graph graph = quantized_network();
  const at::Tensor images = at::rand({2, 3, 8, 8});
  const at::Tensor expected = evaluated(graph, images);
  EXPECT_LT((Net(graph).forward(images, graph.outputs)[0] - expected).abs().max().item<float>(), 1e-5 * expected.abs().max().item<float>());
}

TEST(Net, FreezesToTheGraphItCameFrom) {
  const Graph graph = quantized_network();
  const Graph frozen = Net(graph).freeze();
  for (std::size_t i = 0; i < graph.values.size(); ++i) {
    if (!graph.values[i].constant) continue;
    EXPECT_TRUE(identical(*graph.values[i].constant, *frozen.values[i].constant)) << graph.values[i].name;
    if (!graph.values[i].quant) continue;
    // Through a logarithm and back.
    EXPECT_TRUE(at::allclose(to_torch(graph.values[i].quant->scale), to_torch(frozen.values[i].quant->scale), 1e-6))
        << graph.values[i].name;
  }
}

TEST(Net, FreezesToWhatItComputes) {
  const Graph graph = quantized_network();
  Net net(graph);
  LearnedLayer& layer = net.layers().at(0);
  layer.latent += at::randn(layer.latent.sizes());
  layer.log_scale += 0.3 * at::randn(layer.log_scale.sizes());
  layer.bias += 1;
  layer.log_activation_scale += 0.2;
  const at::Tensor images = at::rand({2, 3, 8, 8});
  const at::Tensor expected = evaluated(net.freeze(), images);
  EXPECT_LT((net.forward(images, graph.outputs)[0] - expected).abs().max().item<float>(), 1e-5 * expected.abs().max().item<float>());
}

TEST(Net, GradientsReachEveryLearnedTensor) {
  const Graph graph = quantized_network();
  Net net(graph);
  LearnedLayer& layer = net.layers().at(0);
  std::vector<at::Tensor> leaves;
  for (at::Tensor* tensor : {&layer.latent, &layer.log_scale, &layer.bias, &layer.log_activation_scale})
    leaves.push_back(tensor->set_requires_grad(true));
  const at::Tensor output = net.forward(at::rand({2, 3, 8, 8}) * 4, graph.outputs)[0].square().sum();
  for (const at::Tensor& gradient : torch::autograd::grad({output}, leaves)) EXPECT_GT(gradient.abs().max().item<float>(), 0);
}

TEST(Net, CodesOfWeightsFollowTheScale) {
  const Graph graph = quantized_network();
  Graph baseline = graph;
  const ValueId id = graph.nodes[1].inputs[1];
  const at::Tensor weights = at::randn({4, 3, 3, 3});
  baseline.value(id).constant = from_torch(weights);
  baseline.value(id).quant.reset();
  Net net(graph);
  net.start_from_weights(baseline);
  const auto frozen_codes = [&] { return to_torch(*net.freeze().value(id).constant).to(at::kFloat); };
  const auto nearest = [&](const LearnedLayer& layer) {
    const auto per_row = [](const at::Tensor& values) { return values.reshape({4, 1, 1, 1}); };
    return at::clamp(at::round(weights / per_row(layer.log_scale.exp()) + per_row(layer.zero_point)), -8, 7);
  };
  LearnedLayer& layer = net.layers().at(0);
  EXPECT_TRUE(at::equal(frozen_codes(), nearest(layer)));
  layer.log_scale -= at::tensor({0.1F, 0.3F, 0.5F, 0.7F});
  EXPECT_TRUE(at::equal(frozen_codes(), nearest(layer)));
  const at::Tensor images = at::rand({2, 3, 8, 8}), expected = evaluated(net.freeze(), images);
  EXPECT_LT((net.forward(images, graph.outputs)[0] - expected).abs().max().item<float>(), 1e-5 * expected.abs().max().item<float>());
}

/// LSQ, equation 3: d weight / d scale = code - weight / scale in range, the code where it saturates; here over the scale's logarithm.
TEST(Net, ScalesOfWeightsLearnAsInLsq) {
  const Graph graph = quantized_network();
  Graph baseline = graph;
  const ValueId id = graph.nodes[1].inputs[1];
  baseline.value(id).constant = from_torch(at::randn({4, 3, 3, 3}));
  baseline.value(id).quant.reset();
  Net net(graph);
  net.start_from_weights(baseline);
  LearnedLayer& layer = net.layers().at(0);
  layer.log_scale.set_requires_grad(true);
  layer.latent.set_requires_grad(true);
  const at::Tensor images = at::rand({2, 3, 8, 8});
  const at::Tensor output = net.forward(images, {graph.nodes[1].outputs[0]})[0];
  const auto gradients = torch::autograd::grad({output.sum()}, {layer.log_scale, layer.latent});
  const at::Tensor zero = layer.zero_point.reshape({4, 1, 1, 1}), scale = layer.log_scale.detach().exp().reshape({4, 1, 1, 1});
  const at::Tensor latent = layer.latent.detach(), code = at::clamp(at::round(latent), -8, 7);
  const at::Tensor in_range = latent.ge(-8).logical_and(latent.le(7));
  const at::Tensor by_scale = at::where(in_range, code - latent, code - zero) * scale;
  // The sum of outputs is linear in the weights: its gradient by them is that by a layer whose codes all are in range, over the scale.
  Net plain(graph);
  LearnedLayer& known = plain.layers().at(0);
  known.latent.set_requires_grad(true);
  const at::Tensor by_weight =
      torch::autograd::grad({plain.forward(images, {graph.nodes[1].outputs[0]})[0].sum()}, {known.latent})[0] / scale;
  EXPECT_TRUE(at::allclose(gradients[0], (by_weight * by_scale).sum({1, 2, 3}), 1e-3, 1e-3));
  EXPECT_TRUE(at::allclose(gradients[1], by_weight * scale * in_range, 1e-4, 1e-4));
}

TEST(Net, ForcedLayersReadTheTeachersInputs) {
  const Graph graph = quantized_network();
  const Net net(graph);
  ASSERT_EQ(net.layer_inputs(), graph.inputs) << "before they are quantised";
  const at::Tensor own = at::rand({2, 3, 8, 8}), teachers = at::rand({2, 3, 8, 8});
  const auto forced = [&](double share) { return net.forward(own, graph.outputs, {share, {{graph.inputs[0], teachers}}})[0]; };
  EXPECT_TRUE(at::equal(forced(0), net.forward(own, graph.outputs)[0]));
  EXPECT_TRUE(at::equal(forced(1), net.forward(teachers, graph.outputs)[0]));
  EXPECT_TRUE(at::equal(forced(0.25), net.forward(at::lerp(own, teachers, 0.25), graph.outputs)[0]));
}

TEST(Net, LatentsStayWhereGradientsCanMoveThem) {
  Net net(quantized_network());
  net.layers()[0].latent.fill_(30);
  net.clamp_latents();
  EXPECT_EQ(net.layers()[0].latent.max().item<float>(), 7.5F);
}

TEST(Net, AQuantisedConvolutionNeedsABias) {
  Graph graph = quantized_network();
  for (Node& node : graph.nodes)
    if (node.name == "first") node.inputs.pop_back();
  EXPECT_THROW(Net{graph}, Error);
}

}  // namespace
}  // namespace nibble

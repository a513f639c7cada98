// SPDX-License-Identifier: Apache-2.0
// Graphs drawn at random: every node of every dialect computes in ONNX Runtime, optimisations off, what LibTorch computes of the same
// inputs. NIBBLE_RANDOM_GRAPHS says how many graphs (60), NIBBLE_RANDOM_GRAPHS_FROM the first seed (1).
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "exec/convert.h"
#include "exec/kernels.h"
#include "graph/rewrites.h"
#include "parity/random_graph.h"
#include "support/exported.h"

namespace nibble::parity {
namespace {

using testing::TestFolder;

std::uint32_t number_from(const char* variable, std::uint32_t otherwise) {
  const char* text = std::getenv(variable);
  return text ? static_cast<std::uint32_t>(std::stoul(text)) : otherwise;
}

/// Why the dialect has no form of the graph; empty where it has one.
std::string refusal(const Graph& graph, Dialect dialect) {
  for (const auto& node : graph.nodes) {
    if (!std::holds_alternative<op::Conv>(node.op)) continue;
    const auto& weight = graph.value(node.inputs[1]);
    if (!weight.quant) continue;
    const auto granularity = weight.quant->spec.granularity;
    if (dialect == Dialect::qcdq && granularity == Granularity::block) return "block";
    const auto* from = producer_of(graph, node.inputs[0]);
    const bool on_integers = from && std::holds_alternative<op::QuantizeDequantize>(from->op);
    if (dialect == Dialect::unpack && on_integers && granularity != Granularity::channel) return "channel";
  }
  return {};
}

Graph showing_everything(Graph graph) {
  graph.outputs.clear();
  for (const auto& node : graph.nodes) graph.outputs.insert(graph.outputs.end(), node.outputs.begin(), node.outputs.end());
  return graph;
}

/// All values of the graph as the exported file gives them.
std::map<ValueId, Tensor> values_in_runtime(const Graph& graph, Dialect dialect, const Tensor& images) {
  const TestFolder folder;
  const Graph shown = showing_everything(graph);
  emit_model(shown, testing::in_dialect(dialect), folder / "model.onnx");
  const auto outputs = testing::open_plain(folder / "model.onnx").run({images});
  std::map<ValueId, Tensor> values{{graph.inputs[0], images}};
  for (std::size_t i = 0; i < outputs.size(); ++i) values.emplace(shown.outputs[i], outputs[i]);
  return values;
}

std::string sizes(const at::Tensor& tensor) { return fmt::format("{}", fmt::join(tensor.sizes(), "x")); }

/// Compares each node by the inputs that it had in the runtime, so that what one node rounds otherwise is no difference of the next.
void expect_same_node_by_node(const Graph& graph, const std::map<ValueId, Tensor>& values) {
  for (const auto& node : graph.nodes) {
    std::vector<at::Tensor> inputs;
    for (const auto id : node.inputs) {
      const auto found = values.find(id);
      inputs.push_back(found != values.end() ? to_torch(found->second) : constant_of(graph.value(id)));
    }
    const auto expected = reference(node, inputs);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      const auto actual = to_torch(values.at(node.outputs[i]));
      ASSERT_EQ(sizes(actual), sizes(expected[i])) << node.name;
      ASSERT_EQ(actual.scalar_type(), expected[i].scalar_type()) << node.name;
      const auto a = actual.to(at::kDouble), b = expected[i].to(at::kDouble);
      const auto difference = at::where(a == b, at::zeros_like(a), (a - b).abs());
      const auto excess = difference - tolerance(node, inputs, b);
      if ((excess <= 0).all().item<bool>()) continue;
      const auto worst = at::where(excess.isnan(), at::full_like(excess, 1e300), excess).argmax().item<std::int64_t>();
      ADD_FAILURE() << fmt::format("{} ({}), element {} of {}: {} in ONNX Runtime, {} in LibTorch", node.name, name_of(node.op), worst,
                                   sizes(a), a.flatten()[worst].item<double>(), b.flatten()[worst].item<double>());
      return;
    }
  }
}

/// The integers of a graph are the same in all files, so that the numbers are too, bit for bit. Not behind a mean: from opset 19 on ONNX
/// Runtime (1.26) sums it in another order.
void expect_identical(const Graph& graph, const std::map<ValueId, Tensor>& a, const std::map<ValueId, Tensor>& b) {
  for (const auto& node : graph.nodes) {
    if (std::holds_alternative<op::AveragePool>(node.op)) return;
    for (const auto id : node.outputs) ASSERT_TRUE(identical(a.at(id), b.at(id))) << node.name;
  }
}

class Seen {
 public:
  void note(const Graph& graph) {
    for (const auto& node : graph.nodes) names_.insert(std::string(nibble::name_of(node.op)));
  }
  std::size_t operators() const { return names_.size(); }

 private:
  std::set<std::string> names_;
};

TEST(RandomGraphs, EveryDialectComputesWhatLibTorchDoes) {
  at::set_num_threads(1);
  const auto first = number_from("NIBBLE_RANDOM_GRAPHS_FROM", 1), count = number_from("NIBBLE_RANDOM_GRAPHS", 60);
  Seen seen;
  int refused = 0, on_integers = 0;
  for (auto seed = first; seed < first + count; ++seed) {
    const auto made = random_graph(seed);
    SCOPED_TRACE(fmt::format("NIBBLE_RANDOM_GRAPHS_FROM={} NIBBLE_RANDOM_GRAPHS=1\n{}", seed, dump(made.graph)));
    seen.note(made.graph);
    const auto values = values_in_runtime(made.graph, Dialect::int4, made.images);
    expect_same_node_by_node(made.graph, values);
    for (const auto dialect : {Dialect::qcdq, Dialect::unpack}) {
      SCOPED_TRACE(dialect == Dialect::qcdq ? "qcdq" : "unpack");
      if (const auto why = refusal(made.graph, dialect); !why.empty()) {
        testing::expect_error(ErrorKind::unsupported, why, [&] { values_in_runtime(made.graph, dialect, made.images); });
        ++refused;
        continue;
      }
      const auto others = values_in_runtime(made.graph, dialect, made.images);
      expect_same_node_by_node(made.graph, others);
      expect_identical(made.graph, values, others);
    }
    SCOPED_TRACE("integer");
    const auto integer = to_integer(made.graph, made.ranges);
    on_integers += integer.applied;
    expect_same_node_by_node(integer.graph, values_in_runtime(integer.graph, Dialect::integer, made.images));
    if (HasFailure()) return;
  }
  if (count < 60) return;
  EXPECT_EQ(seen.operators(), std::variant_size_v<Op>) << "an operator was never drawn";
  EXPECT_GT(refused, 0);
  EXPECT_GT(on_integers, static_cast<int>(count) / 4) << "convolutions in the integer form";
}

/// A scale of zero, or one that is no number, has no codes: no graph with it is written.
TEST(RandomGraphs, ScalesOfZeroAreRefused) {
  auto made = random_graph(1);
  for (auto& node : made.graph.nodes) {
    auto* const quantiser = std::get_if<op::QuantizeDequantize>(&node.op);
    if (!quantiser) continue;
    for (const float scale : {0.0F, -0.0F, -1e-40F, std::numeric_limits<float>::infinity(), std::nanf("")}) {
      quantiser->params.scale = Tensor::scalar(scale);
      testing::expect_error(ErrorKind::numeric, "positive and finite", [&] { verify(made.graph); });
    }
    return;
  }
}

}  // namespace
}  // namespace nibble::parity

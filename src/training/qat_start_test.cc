// SPDX-License-Identifier: Apache-2.0
#include "training/qat_start.h"

#include "base/files.h"
#include "graph/layer_codes.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using test::expect_error;

/// Two convolutions, the second without a bias.
Graph small_graph() {
  Graph graph;
  const auto images = graph.add_input("images", {1, 2, 4, 4});
  const auto weight = [&](const std::string& name) { return graph.add_constant(name, Tensor::of<float>({2, 2, 1, 1}, {1, 2, 3, 4})); };
  const auto bias = graph.add_constant("a.bias", Tensor::of<float>({2}, {0.5, -0.5}));
  const auto a = graph.add("a", op::Conv{}, {images, weight("a.weight"), bias});
  graph.outputs = {graph.add("b", op::Conv{}, {graph.add("act", op::Silu{}, {a}), weight("b.weight")})};
  return graph;
}

QuantParams params(const QuantSpec& spec, std::vector<float> scale) {
  const Shape shape = spec.granularity == Granularity::tensor ? Shape{} : Shape{static_cast<std::int64_t>(scale.size())};
  const auto count = scale.size();
  return {spec, Tensor::of<float>(shape, std::move(scale)), Tensor::of<std::int8_t>(shape, std::vector<std::int8_t>(count, 0))};
}

Graph calibrated(const Graph& baseline) {
  const QuantSpec weight{.bits = 4, .narrow = true, .granularity = Granularity::channel};
  const auto codes = Tensor::of<std::int8_t>({2, 2, 1, 1}, {7, -7, 3, 0});
  return with_codes(baseline, {{0, {codes, params(weight, {0.1F, 0.2F}), Tensor::of<float>({2}, {1, 2}), params({.bits = 8}, {0.01F})}},
                               {2, {codes, params(weight, {0.3F, 1e-7F}), Tensor::of<float>({2}, {3, 4}), std::nullopt}}});
}

void expect_same(const Graph& a, const Graph& b) {
  EXPECT_EQ(dump(a), dump(b));
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    ASSERT_EQ(a.values[i].constant.has_value(), b.values[i].constant.has_value());
    if (a.values[i].constant) {
      EXPECT_TRUE(identical(*a.values[i].constant, *b.values[i].constant)) << a.values[i].name;
    }
    ASSERT_EQ(a.values[i].quant.has_value(), b.values[i].quant.has_value());
    if (!a.values[i].quant) continue;
    EXPECT_EQ(a.values[i].quant->spec, b.values[i].quant->spec);
    EXPECT_TRUE(identical(a.values[i].quant->scale, b.values[i].quant->scale));
  }
}

class QatStart : public test::Scratch {
 protected:
  std::filesystem::path path() const { return folder() / "start.snapshot"; }
  KeptStart start(const std::string& key) const { return {path(), key}; }
};

TEST_F(QatStart, ComesBackToTheSameBits) {
  const Graph baseline = small_graph(), graph = calibrated(baseline);
  const Json layers = {{"layers", {{{"node", "a"}, {"note", "why \u00e9"}}}}};
  write_start(start("key"), baseline, {graph, layers});
  const CalibratedNetwork read = read_start(start("key"), baseline);
  expect_same(read.graph, graph);
  EXPECT_EQ(read.layers, layers);
}

TEST_F(QatStart, IsOfOneNetworkAndOneCalibration) {
  const Graph baseline = small_graph();
  write_start(start("key"), baseline, {calibrated(baseline)});
  expect_error(ErrorKind::input, {"start.snapshot"}, [&] { read_start(start("another"), baseline); });
  Graph other = baseline;
  other.nodes[0].name = "c";
  expect_error(ErrorKind::input, {"start.snapshot", "another network"}, [&] { read_start(start("key"), other); });
}

TEST_F(QatStart, IsMadeAgainOnlyWhereItIsMissingOrWrong) {
  const Graph baseline = small_graph();
  int calibrations = 0;
  const auto kept = [&](const std::string& key) {
    const auto calibrate = [&] {
      ++calibrations;
      return CalibratedNetwork{calibrated(baseline)};
    };
    return kept_start(start(key), baseline, calibrate).graph;
  };
  expect_same(kept("key"), kept("key"));
  EXPECT_EQ(calibrations, 1);
  kept("another");
  EXPECT_EQ(calibrations, 2);
  write_file(path(), "damaged");
  expect_same(kept("another"), calibrated(baseline));
  EXPECT_EQ(calibrations, 3);
}

}  // namespace
}  // namespace nibble

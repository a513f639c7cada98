// SPDX-License-Identifier: Apache-2.0
#include "training/qat_start.h"

#include <cmath>

#include "base/files.h"
#include "graph/layer_codes.h"
#include "report/report_json.h"
#include "support/scratch.h"
#include "train/snapshot.h"

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

RecipeReport report_of_recipe() {
  RecipeReport report;
  report.name = "w4a16";
  return report;
}

CalibratedNetwork kept(const Graph& baseline) { return {calibrated(baseline), {{"recipe", to_json(report_of_recipe())}}}; }

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
  const Json layers = {{"recipe", to_json(report_of_recipe())}, {"layers", {{{"node", "a"}, {"note", "why \u00e9"}}}}};
  write_start(start("key"), baseline, {graph, layers});
  const CalibratedNetwork read = read_start(start("key"), baseline);
  expect_same(read.graph, graph);
  EXPECT_EQ(read.layers, layers);
}

TEST_F(QatStart, IsOfOneNetworkAndOneCalibration) {
  const Graph baseline = small_graph();
  write_start(start("key"), baseline, kept(baseline));
  expect_error(ErrorKind::input, {"start.snapshot"}, [&] { read_start(start("another"), baseline); });
  Graph other = baseline;
  other.nodes[0].name = "c";
  expect_error(ErrorKind::input, {"start.snapshot", "another network"}, [&] { read_start(start("key"), other); });
}

TEST_F(QatStart, IsMadeAgainOnlyWhereItIsMissingOrWrong) {
  const Graph baseline = small_graph();
  int calibrations = 0;
  const auto kept_under = [&](const std::string& key) {
    const auto calibrate = [&] {
      ++calibrations;
      return kept(baseline);
    };
    return kept_start(start(key), baseline, calibrate).graph;
  };
  expect_same(kept_under("key"), kept_under("key"));
  EXPECT_EQ(calibrations, 1);
  kept_under("another");
  EXPECT_EQ(calibrations, 2);
  write_file(path(), "damaged");
  expect_same(kept_under("another"), calibrated(baseline));
  EXPECT_EQ(calibrations, 3);
}

/// Somebody else's file, with hashes that are right: what would be undefined, endless or our own fault is the file's.
TEST_F(QatStart, WhatAForeignFileSaysIsChecked) {
  const Graph baseline = small_graph();
  write_start(start("key"), baseline, kept(baseline));
  const Snapshot sound = read_snapshot(path(), "key");
  struct Case {
    const char* what;
    std::function<void(Snapshot&)> damage;
  };
  const auto layers_with = [](const char* field, Json value) {
    return [field, value](Snapshot& snapshot) {
      Json layers = Json::parse(snapshot.texts.at("layers"));
      layers[0]["weight"][field] = value;
      snapshot.texts["layers"] = layers.dump();
    };
  };
  const auto text = [](const char* name, std::string value) { return [name, value](Snapshot& snapshot) { snapshot.texts[name] = value; }; };
  const auto tensor = [](const char* name, Tensor value) { return [name, value](Snapshot& snapshot) { snapshot.tensors[name] = value; }; };
  const std::string deep(200'000, '[');
  const std::vector<Case> cases{
      {"no list", text("layers", "{")},
      {"a list of numbers", text("layers", "[1, 2]")},
      {"a deep list", text("layers", deep)},
      {"a deep document", text("document", deep)},
      {"a document that is none", text("document", "[]")},
      {"a document without its recipe", text("document", R"({"layers": []})")},
      {"a recipe of numbers", text("document", R"({"recipe": 1e308})")},
      {"no such granularity", layers_with("granularity", 7)},
      {"a negative granularity", layers_with("granularity", -1)},
      {"a granularity of text", layers_with("granularity", "channel")},
      {"blocks of nothing",
       [&](Snapshot& snapshot) {
         layers_with("granularity", 2)(snapshot);
         layers_with("block", 0)(snapshot);
       }},
      {"64 bits", layers_with("bits", 64)},
      {"-1 bits", layers_with("bits", -1)},
      {"a trellis of nothing", layers_with("trellis", {4, 1'000'000})},
      {"a trellis without its curve", layers_with("trellis", Json::array())},
      {"codes of another shape", tensor("a.codes", Tensor::of<std::int8_t>({2, 1, 1, 1}, {7, -7}))},
      {"codes out of range", tensor("a.codes", Tensor::of<std::int8_t>({2, 2, 1, 1}, {127, -7, 3, 0}))},
      {"codes of another type", tensor("a.codes", Tensor::of<float>({2, 2, 1, 1}, {7, -7, 3, 0}))},
      {"a scale that is no number", tensor("a.weight.scale", Tensor::of<float>({2}, {0.1F, NAN}))},
      {"a negative scale", tensor("a.weight.scale", Tensor::of<float>({2}, {0.1F, -0.1F}))},
      {"fewer scales", tensor("a.weight.scale", Tensor::of<float>({1}, {0.1F}))},
      {"a bias of another length", tensor("a.bias", Tensor::of<float>({3}, {1, 2, 3}))},
      {"no bias", [](Snapshot& snapshot) { snapshot.tensors.erase("a.bias"); }},
      {"no zero point", [](Snapshot& snapshot) { snapshot.tensors.erase("a.input.zero_point"); }},
  };
  for (const auto& [what, damage] : cases) {
    SCOPED_TRACE(what);
    Snapshot snapshot = sound;
    damage(snapshot);
    write_snapshot(path(), snapshot);
    expect_error(ErrorKind::input, {}, [&] { read_start(start("key"), baseline); });
  }
}

}  // namespace
}  // namespace nibble

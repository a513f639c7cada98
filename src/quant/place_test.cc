// SPDX-License-Identifier: Apache-2.0
#include "quant/place.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>

#include "base/shared_data.h"
#include "support/scratch.h"

namespace nibble {
namespace {

/// A convolution whose result goes straight into another, and one that feeds nothing.
Graph two_convolutions() {
  Graph graph;
  ValueId x = graph.add_input("images", {1, 16, 8, 8});
  for (const char* name : {"first", "second"}) {
    const ValueId weight =
        graph.add_constant(std::string(name) + ".weight", Tensor::of<float>({16, 16, 3, 3}, std::vector<float>(16 * 16 * 9, 0.1F)));
    x = graph.add(name, op::Conv{.padding = {1, 1}}, {x, weight});
  }
  graph.outputs = {x};
  return graph;
}

/// Of a code less its zero point, in magnitude.
std::int64_t largest_weight(const LayerPlan& plan) {
  const QuantSpec& spec = *plan.weight;
  if (spec.trellis) return spec.trellis.largest;
  return plan.symmetric ? std::max(-spec.min_code(), spec.max_code()) : spec.max_code() - spec.min_code();
}

std::int64_t largest_sum_of_two(const LayerPlan& plan) { return 2 * 255 * largest_weight(plan); }

TEST(Place, ARecipeThatKeepsEverythingInFloatIsRefused) {
  const Graph graph = two_convolutions();
  Recipe recipe;
  recipe.name = "mine";
  LayerRule rule;
  rule.match = "first";
  rule.keep_float = true;
  recipe.rules = {rule};
  EXPECT_EQ(place_quantizers(graph, recipe).size(), 2U);
  recipe.rules[0].match = "*";
  test::expect_error(ErrorKind::input, {"recipe mine", "every convolution is kept in float"}, [&] { place_quantizers(graph, recipe); });
}

TEST(Place, TwoProductsOfBytesFitSixteenBits) {
  for (const auto& file : std::filesystem::directory_iterator(shared_data("recipes"))) {
    if (file.path().extension() != ".yaml") continue;
    Recipe recipe = load_recipe(file.path().string());
    if (recipe.activations.bits == 0) continue;
    for (const int bits : {recipe.weights.bits, 7, 8}) {
      if (recipe.weights.code == WeightCode::trellis && bits != 8 && bits != recipe.weights.bits) continue;
      recipe.weights.bits = bits;
      for (const LayerPlan& plan : place_quantizers(two_convolutions(), recipe))
        EXPECT_LE(largest_sum_of_two(plan), 32767) << recipe.name << ", " << bits << " bits, " << plan.node;
    }
  }
}

TEST(Place, TheWholeRangeIsKeptWhereNothingSaturates) {
  Recipe recipe;
  recipe.name = "test";
  recipe.weights.bits = 8;
  const auto lowest_code = [&] { return place_quantizers(two_convolutions(), recipe)[0].weight->min_code(); };
  EXPECT_EQ(lowest_code(), -128) << "float activations";
  recipe.activations.bits = 8;
  EXPECT_EQ(lowest_code(), -64);
  recipe.weights.narrow = true;
  EXPECT_EQ(lowest_code(), -63);
  recipe.weights.narrow = recipe.weights.reduce_range = false;
  EXPECT_EQ(lowest_code(), -128) << "as the recipe says";
}

}  // namespace
}  // namespace nibble

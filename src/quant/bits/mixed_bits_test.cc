// SPDX-License-Identifier: Apache-2.0
// Mixed precision under its three budgets, through calibrate().
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "nibble/error.h"
#include "quant/test_networks.h"

namespace nibble {
namespace {
using namespace test;

TEST(MixedBits, StayInTheBudgetAndSayWhy) {
  Recipe recipe = recipe_of(4, 0);
  recipe.mixed.average_bits = 5;
  const CalibrationResult result = calibrated_detector(recipe);
  double bits = 0, weights = 0;
  int raised = 0;
  for (const Node& node : result.graph.nodes) {
    if (!std::holds_alternative<op::Conv>(node.op)) continue;
    const Value& weight = result.graph.value(node.inputs[1]);
    const auto count = static_cast<double>(count_of(weight.shape));
    bits += count * weight.quant->spec.bits;
    weights += count;
  }
  EXPECT_LE(bits, 5 * weights);
  for (const LayerStat& layer : result.layers) {
    ASSERT_TRUE(layer.low_damage && layer.high_damage);
    EXPECT_LT(*layer.high_damage, *layer.low_damage) << layer.node;
    if (layer.weight_bits != 8) continue;
    ++raised;
    EXPECT_NE(layer.note.find("raised from 4 bits"), std::string::npos) << layer.note;
  }
  EXPECT_GT(raised, 0);
  ASSERT_EQ(result.front.size(), 5U);
  EXPECT_DOUBLE_EQ(result.front.front().average_bits, 4);
  EXPECT_DOUBLE_EQ(result.front.back().average_bits, 8);
  EXPECT_LT(result.front.back().damage, result.front.front().damage);
}

TEST(MixedBits, WithoutPropagatedErrorsEachLayerHasTheCodesOfItsBits) {
  Recipe recipe = recipe_of(4, 0);
  recipe.weights.error_propagation = false;
  const Graph low = calibrated_detector(recipe).graph;
  recipe.weights.bits = 8;
  const Graph high = calibrated_detector(recipe).graph;
  recipe.weights.bits = 4;
  recipe.mixed.average_bits = 5;
  const Graph mixed = calibrated_detector(recipe).graph;
  std::set<int> bits;
  for (std::size_t i = 0; i < mixed.values.size(); ++i) {
    const Value& value = mixed.values[i];
    if (!value.quant) continue;
    bits.insert(value.quant->spec.bits);
    const Value& same = (value.quant->spec.bits == 8 ? high : low).values[i];
    const auto codes = value.constant->bytes(), expected = same.constant->bytes();
    EXPECT_TRUE(std::ranges::equal(codes, expected)) << value.name;
  }
  EXPECT_EQ(bits, (std::set{4, 8}));
}

/// Bytes of the weights, two codes a byte up to 4 bits.
std::int64_t packed_bytes(const Graph& graph) {
  std::int64_t bytes = 0;
  for (const Value& value : graph.values)
    if (value.quant) bytes += count_of(value.shape) / (value.quant->spec.bits > 4 ? 1 : 2);
  return bytes;
}

double average_bits(const Graph& graph) {
  std::int64_t bits = 0, weights = 0;
  for (const Value& value : graph.values)
    if (value.quant) bits += count_of(value.shape) * value.quant->spec.bits, weights += count_of(value.shape);
  return static_cast<double>(bits) / static_cast<double>(weights);
}

std::vector<std::string> raised_layers(const CalibrationResult& result) {
  std::vector<std::string> names;
  for (const LayerStat& layer : result.layers)
    if (layer.weight_bits == 8) names.push_back(layer.node);
  return names;
}

TEST(MixedBits, AFileOfAtMostSoManyBytesHasWhatFits) {
  const std::int64_t low = packed_bytes(calibrated_detector(recipe_of(4, 0)).graph);
  Recipe recipe = recipe_of(4, 0);
  recipe.mixed.max_bytes = low + low / 2;
  const CalibrationResult result = calibrated_detector(recipe, packed_bytes);
  const std::int64_t bytes = packed_bytes(result.graph);
  EXPECT_LE(bytes, recipe.mixed.max_bytes);
  EXPECT_GT(raised_layers(result).size(), 0U);
  for (const Node& node : result.graph.nodes) {
    if (!std::holds_alternative<op::Conv>(node.op)) continue;
    const Value& weight = result.graph.value(node.inputs[1]);
    if (weight.quant->spec.bits == 4) {
      EXPECT_GT(bytes + count_of(weight.shape) / 2, recipe.mixed.max_bytes) << node.name << " would fit";
    }
  }
  ASSERT_TRUE(result.chosen);
  EXPECT_EQ(result.chosen->point.raised, raised_layers(result).size());
  EXPECT_DOUBLE_EQ(result.chosen->point.average_bits, average_bits(result.graph));
  EXPECT_LT(result.chosen->point.damage, result.front.front().damage);
}

TEST(MixedBits, AFileThatComesOutLargerThanExpectedIsMadeAgain) {
  Recipe recipe = recipe_of(4, 0);
  const std::int64_t low = packed_bytes(calibrated_detector(recipe).graph);
  recipe.mixed.max_bytes = 2 * low;  // all layers at 8 bits
  int asked = 0, whole = 0;
  const CalibrationResult result = calibrated_detector(recipe, [&](const Graph& graph) {
    ++asked;
    const bool is_final = asked > 1 && (asked - 1) % 5 == 0;  // the first, then four layers and the real file
    whole += is_final ? 1 : 0;
    return packed_bytes(graph) + (is_final ? 1 : 0);
  });
  EXPECT_EQ(whole, 2);
  EXPECT_LT(packed_bytes(result.graph), recipe.mixed.max_bytes);
}

std::string refusal_of(const Recipe& recipe, const std::function<std::int64_t(const Graph&)>& file_bytes,
                       const std::function<double(const Graph&)>& drop) {
  try {
    calibrated_detector(recipe, file_bytes, drop);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "accepted";
}

TEST(MixedBits, ABudgetThatCannotBeKeptSaysWhatCould) {
  Recipe recipe = recipe_of(4, 0);
  const std::int64_t low = packed_bytes(calibrated_detector(recipe).graph);
  recipe.mixed.max_bytes = low - 1;
  EXPECT_NE(refusal_of(recipe, packed_bytes, nullptr).find("the smallest file has " + std::to_string(low) + " bytes"), std::string::npos);
  recipe.mixed = {};
  recipe.mixed.max_drop = 0.5;
  const auto refusal = refusal_of(recipe, nullptr, [](const Graph& graph) { return 10 - average_bits(graph); });
  EXPECT_NE(refusal.find("2.00 points of mask mAP 50-95 below float, with 8.00 bits"), std::string::npos) << refusal;
}

TEST(MixedBits, TheFewestBitsWithinADropAreTried) {
  Recipe recipe = recipe_of(4, 0);
  recipe.mixed.max_drop = 3;
  std::vector<double> tried;
  const CalibrationResult result = calibrated_detector(recipe, nullptr, [&](const Graph& graph) {
    tried.push_back(average_bits(graph));
    return 8 - tried.back();
  });
  EXPECT_DOUBLE_EQ(tried.front(), 4);
  ASSERT_TRUE(result.chosen);
  ASSERT_EQ(result.chosen->trials.size(), tried.size());
  double fewest = 8;
  for (std::size_t i = 0; i < tried.size(); ++i) {
    EXPECT_DOUBLE_EQ(result.chosen->trials[i].average_bits, tried[i]);
    if (8 - tried[i] <= 3) fewest = std::min(fewest, tried[i]);
  }
  EXPECT_DOUBLE_EQ(average_bits(result.graph), fewest);
  EXPECT_DOUBLE_EQ(result.chosen->point.average_bits, fewest);
  EXPECT_EQ(result.chosen->point.raised, raised_layers(result).size());
  EXPECT_GT(result.front.size(), 1U);
}

TEST(MixedBits, FewBitsThatAreEnoughNeedNoDamages) {
  Recipe recipe = recipe_of(4, 0);
  const Graph plain = calibrated_detector(recipe).graph;
  recipe.mixed.max_drop = 1;
  const CalibrationResult result = calibrated_detector(recipe, nullptr, [](const Graph&) { return 0.5; });
  EXPECT_TRUE(result.front.empty());
  ASSERT_TRUE(result.chosen);
  EXPECT_EQ(result.chosen->trials.size(), 1U);
  EXPECT_EQ(result.chosen->point.raised, 0U);
  EXPECT_TRUE(std::isnan(result.chosen->point.damage));
  EXPECT_DOUBLE_EQ(head_divergence(result.graph), head_divergence(plain));
}

}  // namespace
}  // namespace nibble

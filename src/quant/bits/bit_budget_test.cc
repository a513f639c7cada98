// SPDX-License-Identifier: Apache-2.0
#include "quant/bits/bit_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "nibble/error.h"

namespace nibble {
namespace {
using testing::ElementsAre;

/// Same bits, other sizes and damages.
std::vector<BitChoice> three_layers() { return {{100, 4, 8, 1.0, 0.1}, {10, 4, 8, 0.5, 0.0}, {1000, 4, 8, 2.0, 0.0}}; }

TEST(BitFront, RaisesWhatSavesMostPerBitFirst) {
  const BitFront front = bit_front(three_layers());
  EXPECT_THAT(front.order, ElementsAre(1, 0, 2));  // 0.05, 0.009, 0.002 per weight
  ASSERT_EQ(front.points.size(), 4U);
  EXPECT_DOUBLE_EQ(front.points[0].average_bits, 4);
  EXPECT_DOUBLE_EQ(front.points[0].damage, 3.5);
  EXPECT_DOUBLE_EQ(front.points[1].average_bits, 4 + 4.0 * 10 / 1110);
  EXPECT_DOUBLE_EQ(front.points[3].average_bits, 8);
  EXPECT_NEAR(front.points[3].damage, 0.1, 1e-12);
}

TEST(BitFront, LeavesOutWhatGainsNothing) {
  const BitFront front = bit_front({{100, 4, 8, 0.1, 0.1}, {100, 4, 8, 0.1, 0.2}, {100, 8, 8, 1, 0}});
  EXPECT_TRUE(front.order.empty());
  EXPECT_EQ(front.points.size(), 1U);
}

TEST(ChooseBits, FillsTheBudgetAndPassesOverWhatDoesNotFit) {
  EXPECT_THAT(choose_bits(three_layers(), 4.4), ElementsAre(true, true, false));
  EXPECT_THAT(choose_bits(three_layers(), 4.0), ElementsAre(false, false, false));
  EXPECT_THAT(choose_bits(three_layers(), 8.0), ElementsAre(true, true, true));
  // The layer that saves most per bit is too large; the next one fits.
  EXPECT_THAT(choose_bits({{1000, 4, 8, 100, 0}, {10, 4, 8, 0.1, 0}}, 4.1), ElementsAre(false, true));
}

TEST(ChooseBits, AsksAboutEachLayerWithThoseRaisedSoFar) {
  // A kilobyte of its own for layer 1, none for the others.
  const auto bytes = [](const RaisedLayers& raised) { return (raised[0] ? 100 : 0) + (raised[1] ? 1000 : 0) + (raised[2] ? 500 : 0); };
  EXPECT_THAT(choose_bits(three_layers(), [&](const RaisedLayers& raised) { return bytes(raised) <= 600; }),
              ElementsAre(true, false, true));
  EXPECT_THAT(choose_bits(three_layers(), [&](const RaisedLayers& raised) { return bytes(raised) <= 599; }),
              ElementsAre(true, false, false));
}

TEST(PointOf, AddsUpWhatIsRaised) {
  const BitFrontPoint point = point_of(three_layers(), {true, false, true});
  EXPECT_EQ(point.raised, 2U);
  EXPECT_DOUBLE_EQ(point.average_bits, 8 - 4.0 * 10 / 1110);
  EXPECT_DOUBLE_EQ(point.damage, 0.6);
}

TEST(BitSteps, RiseFromAllLowToAllThatGainEachChoiceOnce) {
  auto choices = three_layers();
  choices.push_back({50, 4, 8, 0.1, 0.2});  // never raised
  const std::vector<RaisedLayers> steps = bit_steps(choices, 0.05);
  EXPECT_THAT(steps.front(), ElementsAre(false, false, false, false));
  EXPECT_THAT(steps.back(), ElementsAre(true, true, true, false));
  for (std::size_t i = 1; i < steps.size(); ++i)
    EXPECT_GT(point_of(choices, steps[i]).average_bits, point_of(choices, steps[i - 1]).average_bits);
  EXPECT_THAT(bit_steps({{1000, 4, 8, 100, 0}, {10, 4, 8, 0.1, 0}}, 0.05),
              ElementsAre(ElementsAre(false, false), ElementsAre(false, true), ElementsAre(true, true)))
      << "the second is no point of the front";
  EXPECT_THAT(bit_steps({{100, 4, 8, 0.1, 0.2}}, 0.05), ElementsAre(ElementsAre(false)));
}

TEST(ChooseBits, AnImpossibleBudgetIsAnError) {
  try {
    choose_bits(three_layers(), 3.5);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_THAT(error.what(), testing::HasSubstr("4.00 bits"));
  }
}

TEST(ChooseBits, IsWithinTheLargestItemOfTheBest) {
  std::mt19937 random(3);
  std::uniform_real_distribution<double> damage(0, 1);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<BitChoice> choices;
    double largest = 0;
    for (int i = 0; i < 12; ++i) {
      choices.push_back({1 + static_cast<std::int64_t>(random() % 50), 4, 8, damage(random), 0});
      largest = std::max(largest, choices.back().low_damage);
    }
    const double average = 5;
    const auto damage_of = [&](auto&& is_raised) {
      double sum = 0;
      for (std::size_t i = 0; i < choices.size(); ++i) sum += is_raised(i) ? 0 : choices[i].low_damage;
      return sum;
    };
    double best = 1e9;
    for (unsigned mask = 0; mask < 1U << 12; ++mask) {
      std::int64_t bits = 0, weights = 0;
      for (std::size_t i = 0; i < choices.size(); ++i)
        bits += choices[i].weights * ((mask >> i & 1U) != 0 ? 8 : 4), weights += choices[i].weights;
      if (static_cast<double>(bits) <= average * static_cast<double>(weights))
        best = std::min(best, damage_of([&](std::size_t i) { return (mask >> i & 1U) != 0; }));
    }
    const auto chosen = choose_bits(choices, average);
    EXPECT_LE(damage_of([&](std::size_t i) { return chosen[i]; }), best + largest);
  }
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/draw_lines.h"

#include <gtest/gtest.h>

#include <cmath>

#include "data/mask_outline.h"
#include "data/run_length_text.h"

namespace nibble {
namespace {

constexpr Colour kBlue = {0, 0, 255}, kEmpty = {kBorderGrey, kBorderGrey, kBorderGrey};

Colour colour_at(const Pixels& pixels, std::int64_t x, std::int64_t y) {
  const auto i = static_cast<std::size_t>(3 * (y * pixels.width_px + x));
  return {pixels.rgb[i], pixels.rgb[i + 1], pixels.rgb[i + 2]};
}

/// Lines are smooth: their pixels have more blue and less red than the ground, and need not be all blue.
bool is_drawn(const Pixels& pixels, std::int64_t x, std::int64_t y) {
  const auto colour = colour_at(pixels, x, y);
  return colour[2] > 200 && colour[0] < 60;
}

std::int64_t coloured(const Pixels& pixels) {
  std::int64_t count = 0;
  for (std::int64_t y = 0; y < pixels.height_px; ++y)
    for (std::int64_t x = 0; x < pixels.width_px; ++x) count += colour_at(pixels, x, y) != kEmpty;
  return count;
}

TEST(DrawLines, DrawsLinesDotsAndNothingOfNoWidth) {
  auto pixels = grey_canvas(40, 30);
  draw_lines(pixels, {{{5, 5}, {30, 5}, kBlue, false, 1}, {{20, 20}, {20, 20}, kBlue, false, 6}, {{0, 29}, {39, 29}, kBlue, false, 0}});
  EXPECT_TRUE(is_drawn(pixels, 18, 5));
  EXPECT_EQ(colour_at(pixels, 20, 20), kBlue);
  EXPECT_TRUE(is_drawn(pixels, 22, 20)) << "a dot of three pixels around its middle";
  EXPECT_EQ(colour_at(pixels, 26, 20), kEmpty);
  EXPECT_EQ(colour_at(pixels, 10, 29), kEmpty);
}

TEST(DrawLines, CutsOffWhatLiesFarOutside) {
  auto pixels = grey_canvas(40, 30);
  draw_lines(pixels, {{{-1e9, 15}, {1e9, 15}, kBlue, false, 1}, {{-1e7, -1e7}, {-1e7, -1e7}, kBlue, false, 3}});
  EXPECT_TRUE(is_drawn(pixels, 20, 15));
  auto dashed = grey_canvas(40, 30);
  draw_lines(dashed, {{{-1e9, 15}, {1e9, 15}, kBlue, true, 1}});
  EXPECT_GT(coloured(dashed), 10);
  EXPECT_LT(coloured(dashed), 38) << "dashes have gaps";
}

TEST(TintMask, ColoursItsPixelsAtEverySize) {
  // 2 x 2 pixels, of which the lower left one is set.
  const RunLengths mask{2, 2, {1, 1, 2}};
  auto pixels = grey_canvas(2, 2);
  tint_mask(pixels, mask, kBlue, 1);
  EXPECT_EQ(colour_at(pixels, 0, 1), kBlue);
  EXPECT_EQ(coloured(pixels), 1);
  auto larger = grey_canvas(6, 8);
  tint_mask(larger, mask, kBlue, 0.5);
  EXPECT_EQ(coloured(larger), 3 * 4);
  EXPECT_EQ(colour_at(larger, 2, 7), (Colour{57, 57, 185})) << "half of 114 and half of the colour";
  EXPECT_EQ(colour_at(larger, 3, 7), kEmpty);
  EXPECT_EQ(colour_at(larger, 2, 3), kEmpty);
}

TEST(TintRectangle, StaysInside) {
  auto pixels = grey_canvas(10, 10);
  tint_rectangle(pixels, {8, -5, 100, 7}, kBlue, 1);
  EXPECT_EQ(coloured(pixels), 2 * 2);
}

TEST(MaskOutlines, RunThroughTheCentresOfPixels) {
  std::vector<std::uint8_t> rows(8 * 6);
  for (std::int64_t y = 1; y < 4; ++y)
    for (std::int64_t x = 2; x < 6; ++x) rows[static_cast<std::size_t>(8 * y + x)] = 1;
  const auto outlines = outlines_of(rows, 6, 8);
  ASSERT_EQ(outlines.size(), 1U);
  EXPECT_EQ(outlines[0].size(), 4U) << "corners only";
  EXPECT_EQ(joined(outlines), outlines[0]);
  EXPECT_TRUE(joined(outlines_of(std::vector<std::uint8_t>(48), 6, 8)).empty());
}

double area_of_polygon(const OutlinePoints& points) {
  double twice = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto &a = points[i], &b = points[(i + 1) % points.size()];
    twice += a[0] * b[1] - b[0] * a[1];
  }
  return std::abs(twice) / 2;
}

/// The lines between parts are walked there and back, so that they have no area.
TEST(MaskOutlines, OfSeveralPartsAreJoinedToOne) {
  const auto square = [](double x) { return OutlinePoints{{x, 0}, {x, 2}, {x + 2, 2}, {x + 2, 0}}; };
  EXPECT_NEAR(area_of_polygon(joined({square(0), square(10)})), 8, 1e-12);
  const auto three = joined({square(0), square(10), square(20)});
  EXPECT_NEAR(area_of_polygon(three), 12, 1e-12);
  EXPECT_EQ(three.size(), 5U + 5U + 6U) << "the first and the last go all around, the one between half there and half back";
  const OutlinePoints dot{{5, 1}};
  EXPECT_NEAR(area_of_polygon(joined({square(0), dot, square(10)})), 8, 1e-12);
}

TEST(RunLengthText, IsReadBack) {
  for (const auto& counts :
       std::vector<std::vector<std::uint32_t>>{{100}, {0, 100}, {1, 1, 98}, {0, 1, 50, 2, 40, 3, 4}, {5, 31, 1, 15, 16, 32}}) {
    const RunLengths mask{10, 10, counts};
    EXPECT_EQ(runs_of_text(text_of_runs(mask), 10, 10).counts, counts);
  }
  EXPECT_EQ(text_of_runs({426, 640, {272640}}), "PXZ8") << "as pycocotools writes it";
}

}  // namespace
}  // namespace nibble

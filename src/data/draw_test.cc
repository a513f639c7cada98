// SPDX-License-Identifier: Apache-2.0
#include "data/draw.h"

#include <set>

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

Colour at(const Pixels& pixels, std::int64_t x, std::int64_t y) {
  const auto i = static_cast<std::size_t>(3 * (y * pixels.width_px + x));
  return {pixels.rgb[i], pixels.rgb[i + 1], pixels.rgb[i + 2]};
}

constexpr Colour kGrey = {kBorderGrey, kBorderGrey, kBorderGrey};
constexpr Colour kRed = {255, 0, 0};

DrawnBox red_box(const std::array<double, 4>& xywh) { return {xywh, kRed, "", false, 1, 9}; }

TEST(DrawBoxes, OutlinesWhatIsThereAndNothingElse) {
  auto pixels = grey_canvas(40, 30);
  draw_boxes(pixels, {red_box({10, 5, 20, 15})});
  for (const auto& [x, y] : {std::pair(10, 5), std::pair(30, 5), std::pair(10, 20), std::pair(30, 20), std::pair(20, 5), std::pair(10, 12)})
    EXPECT_EQ(at(pixels, x, y), kRed) << x << ',' << y;
  for (const auto& [x, y] : {std::pair(20, 12), std::pair(9, 5), std::pair(31, 20), std::pair(12, 7)})
    EXPECT_EQ(at(pixels, x, y), kGrey) << x << ',' << y;
}

TEST(DrawBoxes, CutsOffWhatLiesOutside) {
  auto pixels = grey_canvas(40, 30);
  draw_boxes(pixels, {red_box({-50, -50, 500, 500})});
  EXPECT_EQ(at(pixels, 0, 0), kRed);
  EXPECT_EQ(at(pixels, 39, 29), kRed);
  EXPECT_EQ(at(pixels, 20, 15), kGrey);
}

TEST(DrawBoxes, DashesHaveGaps) {
  auto pixels = grey_canvas(200, 30);
  auto box = red_box({10, 5, 180, 20});
  box.is_dashed = true;
  draw_boxes(pixels, {box});
  int drawn = 0;
  for (std::int64_t x = 10; x <= 190; ++x) drawn += at(pixels, x, 5) == kRed;
  EXPECT_GT(drawn, 60);
  EXPECT_LT(drawn, 140);
}

TEST(DrawBoxes, LabelsStandAboveOrInside) {
  auto pixels = grey_canvas(200, 100);
  auto box = red_box({20, 50, 100, 40});
  box.label = "caf\xC3\xA9 0.87";  // one letter the font does not have
  draw_boxes(pixels, {box});
  EXPECT_EQ(at(pixels, 21, 40), kRed);  // its ground
  EXPECT_EQ(at(pixels, 21, 70), kGrey);
  auto high = grey_canvas(200, 100);
  box.box_xywh_px[1] = 2;
  draw_boxes(high, {box});
  EXPECT_EQ(at(high, 21, 4), kRed);
}

TEST(ClassColours, TellNeighboursApart) {
  std::set<Colour> colours;
  for (std::int64_t k = 0; k < 80; ++k) {
    colours.insert(class_colour(k));
    const auto a = class_colour(k), b = class_colour(k + 1);
    EXPECT_GT(std::abs(a[0] - b[0]) + std::abs(a[1] - b[1]) + std::abs(a[2] - b[2]), 100) << k;
  }
  EXPECT_EQ(colours.size(), 80U);
  EXPECT_EQ(class_colour(0), kRed);
}

TEST(SideBySide, KeepsBothImages) {
  auto left = grey_canvas(100, 60), right = grey_canvas(100, 60);
  draw_boxes(left, {red_box({0, 0, 99, 59})});
  const auto both = side_by_side(left, "float", right, "4 bits");
  const auto strip = both.height_px - 60, gap = both.width_px - 200;
  EXPECT_GT(strip, 10);
  EXPECT_EQ(at(both, 0, strip), kRed);
  EXPECT_EQ(at(both, 99, strip + 59), kRed);
  EXPECT_EQ(at(both, 100 + gap, strip), kGrey);
}

class Jpeg : public test::Scratch {};

TEST_F(Jpeg, IsReadBackAsItWas) {
  Pixels pixels{64, 48, std::vector<std::uint8_t>(3 * 64 * 48)};
  for (std::size_t i = 0; i < pixels.rgb.size(); i += 3) pixels.rgb[i] = 200, pixels.rgb[i + 1] = 40, pixels.rgb[i + 2] = 90;
  write_file(folder() / "a.jpg", jpeg_of(pixels, 95));
  const auto again = read_pixels(folder() / "a.jpg", {48, 64});
  EXPECT_EQ(again.original, (ImageSize{48, 64}));
  EXPECT_NEAR(at(again.pixels, 30, 20)[0], 200, 3);
  EXPECT_NEAR(at(again.pixels, 30, 20)[1], 40, 3);
  EXPECT_NEAR(at(again.pixels, 30, 20)[2], 90, 3);
  EXPECT_LT(jpeg_of(pixels, 10).size(), jpeg_of(pixels, 95).size() + 1);
}

TEST_F(Jpeg, RefusesWhatTheFormatCannotHold) {
  expect_error(ErrorKind::unsupported, {"65500"}, [] { jpeg_of(grey_canvas(65501, 1), 90); });
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Against Ultralytics' classify_transforms (tests/golden/centre_crop, made by tests/oracle/centre_crop.py): every pixel, but for the high
// image, which Pillow 13 resizes in the other order.
#include "data/centre_crop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

const fs::path kCrops = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden";

struct CropCase {
  std::string shape;
  ImageSize size;
};

class CentreCrop : public testing::TestWithParam<CropCase> {};

TEST_P(CentreCrop, IsWhatUltralyticsCuts) {
  const auto& [shape, size] = GetParam();
  for (const char* name : {"wide.png", "tall.png", "small.png", "square.png", "grey.png", "plain.jpg"}) {
    const auto found = read_centre_crop(kCrops / "letterbox" / name, size);
    const auto expected = kCrops / "centre_crop" / (shape + "_" + fs::path(name).stem().string() + ".png");
    const Pixels wanted = read_pixels(expected, read_image_size(expected)).pixels;
    ASSERT_EQ(found.pixels.shape(), (Shape{3, wanted.height_px, wanted.width_px})) << name;
    const auto planes = found.pixels.as<std::uint8_t>();
    const auto pixels = static_cast<std::size_t>(size.pixels());
    int largest = 0;
    for (std::size_t i = 0; i < pixels; ++i)
      for (std::size_t colour = 0; colour < 3; ++colour)
        largest = std::max(largest, std::abs(int{planes[colour * pixels + i]} - int{wanted.rgb[i * 3 + colour]}));
    EXPECT_LE(largest, std::string(name) == "tall.png" ? 1 : 0) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, CentreCrop, testing::Values(CropCase{"square", 32}, CropCase{"rectangle", {24, 40}}),
                         [](const auto& each) { return each.param.shape; });

TEST(CentreCropOf, SaysWhereTheImageLies) {
  const auto wide = read_centre_crop(kCrops / "letterbox/wide.png", 32);  // 90 x 37 px become 77 x 32, of which 45 columns go
  EXPECT_EQ(wide.letterbox.pad_x_px, -22);
  EXPECT_EQ(wide.letterbox.pad_y_px, 0);
  EXPECT_EQ(wide.letterbox.width_px, 90);
}

TEST(ResizeBilinear, TakesSizesOfOnePixelOrMore) {
  test::expect_error(ErrorKind::usage, {"image size"}, [] { resize_bilinear(grey_canvas(4, 4), {0, 3}); });
  EXPECT_EQ(resize_bilinear(grey_canvas(4, 4), {1, 9}).rgb, std::vector<std::uint8_t>(27, kBorderGrey));
}

}  // namespace
}  // namespace nibble

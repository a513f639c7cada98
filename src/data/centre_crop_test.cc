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

class LongThinImages : public test::Scratch {
 protected:
  /// A file of these pixels as a Windows bitmap: from the lowest row up, blue first, rows of whole words.
  fs::path bitmap(const std::string& name, const Pixels& image) const {
    std::string text = "BM";
    const auto add = [&](std::uint32_t value, int bytes = 4) {
      for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 255);
    };
    const auto width = static_cast<std::size_t>(image.width_px), pitch = (3 * width + 3) / 4 * 4;
    const auto bytes = static_cast<std::uint32_t>(pitch * static_cast<std::size_t>(image.height_px));
    for (const std::uint32_t value :
         {54 + bytes, 0U, 54U, 40U, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(image.height_px)})
      add(value);
    add(1, 2);
    add(24, 2);
    for (const std::uint32_t value : {0U, bytes, 0U, 0U, 0U, 0U}) add(value);
    for (auto row = static_cast<std::size_t>(image.height_px); row-- > 0;) {
      for (std::size_t i = 0; i < width; ++i)
        for (std::size_t colour = 3; colour-- > 0;) text += static_cast<char>(image.rgb[3 * (row * width + i) + colour]);
      text.append(pitch - 3 * width, '\0');
    }
    return file(name, text);
  }
};

Pixels drawn(int width_px, int height_px) {
  Pixels image{width_px, height_px, {}};
  for (int i = 0; i < 3 * width_px * height_px; ++i) image.rgb.push_back(static_cast<std::uint8_t>(i * 37 % 251));
  return image;
}

TEST_F(LongThinImages, AreCutAsTheWholeWouldBe) {
  const auto image = drawn(2, 301);
  const auto cut = read_centre_crop(bitmap("high.bmp", image), 60).pixels;
  const auto whole = resize_bilinear(image, {9030, 60});
  const auto planes = cut.as<std::uint8_t>();
  const std::size_t pixels = 60 * 60, above = (9030 - 60) / 2 * 60;
  for (std::size_t i = 0; i < pixels; ++i)
    for (std::size_t colour = 0; colour < 3; ++colour) ASSERT_EQ(planes[colour * pixels + i], whole.rgb[3 * (above + i) + colour]) << i;
}

/// The whole would have 36 million columns: 65 GB.
TEST_F(LongThinImages, AreCutBeforeTheyAreLarge) {
  const auto cut = read_centre_crop(bitmap("long.bmp", drawn(60000, 1)), 600);
  EXPECT_EQ(cut.pixels.shape(), (Shape{3, 600, 600}));
  EXPECT_EQ(cut.letterbox.pad_x_px, -(36000000 - 600) / 2);
}

TEST(ResizeBilinear, TakesSizesOfOnePixelOrMore) {
  test::expect_error(ErrorKind::usage, {"image size"}, [] { resize_bilinear(grey_canvas(4, 4), {0, 3}); });
  EXPECT_EQ(resize_bilinear(grey_canvas(4, 4), {1, 9}).rgb, std::vector<std::uint8_t>(27, kBorderGrey));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/exif_orientation.h"

#include <array>

#include "base/files.h"
#include "data/pixels.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

/// The tag with its type SHORT and count 1, in both byte orders; the value follows.
const std::string kLittle("\x12\x01\x03\x00\x01\x00\x00\x00", 8), kBig("\x01\x12\x00\x03\x00\x00\x00\x01", 8);

/// The picture of that format (tests/oracle/orientation.py) with another value of the tag.
std::string with_orientation(const std::string& format, int value) {
  std::string bytes = read_file(fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/orientation" / ("quarters." + format));
  const auto little = bytes.find(kLittle), big = bytes.find(kBig);
  if (little != std::string::npos)
    bytes.at(little + 8) = static_cast<char>(value);
  else
    bytes.at(big + 9) = static_cast<char>(value);
  return bytes;
}

class Orientation : public test::Scratch, public testing::WithParamInterface<std::string> {
 protected:
  /// The colours of the four quarters, and the size.
  std::string seen(const std::string& bytes) {
    const auto image = read_pixels(file("a." + GetParam(), bytes), 32);
    const auto& [width, height, rgb] = image.pixels;
    std::string text;
    for (const auto& [x, y] : {std::pair{1, 1}, {3, 1}, {1, 3}, {3, 3}}) {
      const auto at = static_cast<std::size_t>(3 * (height * y / 4 * width + width * x / 4));
      const bool red = rgb[at] > 128, green = rgb[at + 1] > 128, blue = rgb[at + 2] > 128;
      text += red && green ? 'y' : red ? 'r' : green ? 'g' : blue ? 'b' : '?';
    }
    return text + (width > height ? " wide" : " tall");
  }
};

TEST_P(Orientation, EveryValueTurnsThePictureUp) {
  const std::array<const char*, 8> expected = {"rgby wide", "gryb wide", "ybgr wide", "byrg wide",
                                               "rbgy tall", "bryg tall", "ygbr tall", "gyrb tall"};
  for (int value = 1; value <= 8; ++value) {
    const auto bytes = with_orientation(GetParam(), value);
    EXPECT_EQ(exif_orientation(bytes), value);
    EXPECT_EQ(seen(bytes), expected.at(static_cast<std::size_t>(value - 1))) << value;
  }
}

TEST_P(Orientation, ValuesWithoutMeaningAreUpright) {
  for (const int value : {0, 9, 200}) {
    EXPECT_EQ(exif_orientation(with_orientation(GetParam(), value)), 1);
    EXPECT_EQ(seen(with_orientation(GetParam(), value)), "rgby wide");
  }
}

TEST_P(Orientation, ACutOrDamagedFileIsNoReasonToFail) {
  const auto whole = with_orientation(GetParam(), 6);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const int found = exif_orientation(whole.substr(0, size));
    EXPECT_TRUE(found == 1 || found == 6) << size;
  }
  for (std::size_t at = 0; at < std::min<std::size_t>(whole.size(), 400); ++at)
    for (const int byte : {0x00, 0x7F, 0xFF}) {
      auto damaged = whole;
      damaged[at] = static_cast<char>(byte);
      const int found = exif_orientation(damaged);
      EXPECT_TRUE(found >= 1 && found <= 8);
    }
}

INSTANTIATE_TEST_SUITE_P(Formats, Orientation, testing::Values("jpg", "png", "webp", "tif"), [](const auto& given) { return given.param; });

TEST(ExifOrientation, OfNothingAndOfOtherFormatsIsUpright) {
  for (const auto* text : {"", "BM", "\xFF\xD8", "RIFF", "RIFF\1\1\1\1WEBP", "II*", "MM", "GIF89a"}) EXPECT_EQ(exif_orientation(text), 1);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/image_header.h"

#include "base/files.h"
#include "base/limits.h"
#include "data/image.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using namespace std::string_literals;

const fs::path kHeaders = NIBBLE_SOURCE_DIR "/tests/golden/letterbox";
const fs::path kBomb = NIBBLE_SOURCE_DIR "/tests/golden/hostile/says_900_million_pixels.png";

/// The decoder is the oracle: a header that said less would let a bomb through.
TEST(ImageHeader, SaysWhatTheDecoderFinds) {
  int seen = 0;
  for (const auto& entry : fs::directory_iterator(kHeaders)) {
    if (entry.path().extension() != ".png" && entry.path().extension() != ".jpg") continue;
    const auto size = image_header_size(read_file(entry.path()));
    ASSERT_TRUE(size) << entry.path();
    EXPECT_EQ(size->pixels(), read_image_size(entry.path()).pixels()) << entry.path();
    ++seen;
  }
  EXPECT_GE(seen, 5);
}

TEST(ImageHeader, ReadsEveryFormat) {
  const auto bmp = "BM"s + std::string(12, 'x') + "\x28\0\0\0"s + "\x05\0\0\0"s + "\xfd\xff\xff\xff"s;  // 5 x 3, from above
  EXPECT_EQ(image_header_size(bmp + std::string(28, '\0')), ImageSize(3, 5));
  const auto old_bmp = "BM"s + std::string(12, 'x') + "\x0c\0\0\0\x05\0\x03\0"s + std::string(8, '\0');
  EXPECT_EQ(image_header_size(old_bmp), ImageSize(3, 5));
  const auto riff = "RIFF\0\0\0\0WEBP"s;
  EXPECT_EQ(image_header_size(riff + "VP8X\x0a\0\0\0\0\0\0\0\x04\0\0\x02\0\0"s), ImageSize(3, 5));
  EXPECT_EQ(image_header_size(riff + "VP8 \0\0\0\0\0\0\0\x9d\x01\x2a\x05\0\x03\0"s), ImageSize(3, 5));
  EXPECT_EQ(image_header_size(riff + "VP8L\0\0\0\0\x2f\x04\x80\0\0"s + std::string(5, '\0')), ImageSize(3, 5));
  const auto little = "II*\0\x08\0\0\0\x02\0"s + "\0\x01\x03\0\x01\0\0\0\x05\0\0\0"s + "\x01\x01\x04\0\x01\0\0\0\x03\0\0\0"s;
  EXPECT_EQ(image_header_size(little), ImageSize(3, 5));
  const auto big = "MM\0*\0\0\0\x08\0\x02"s + "\x01\0\0\x03\0\0\0\x01\0\x05\0\0"s + "\x01\x01\0\x04\0\0\0\x01\0\0\0\x03"s;
  EXPECT_EQ(image_header_size(big), ImageSize(3, 5));
  EXPECT_EQ(image_header_size("\xFF\xD8\xFF\xFE\0\x04xx\xFF\xC2\0\x0b\x08\0\x03\0\x05\x01\0\0\0"s), ImageSize(3, 5))
      << "progressive, behind a comment";
}

TEST(ImageHeader, WhatIsCutSaysNothing) {
  for (const auto& path : {kHeaders / "expected_wide.png", kBomb}) {
    if (!fs::exists(path)) continue;
    const auto whole = read_file(path);
    for (std::size_t length = 0; length < std::min<std::size_t>(whole.size(), 24); ++length)
      EXPECT_FALSE(image_header_size(std::string_view(whole).substr(0, length))) << length;
  }
  EXPECT_FALSE(image_header_size("no image"));
}

TEST(ImageHeader, SizesBeyondAllMeasureDoNotOverflow) {
  const auto tiff = "II*\0\x08\0\0\0\x02\0"s + "\0\x01\x04\0\x01\0\0\0\xff\xff\xff\xff"s + "\x01\x01\x04\0\x01\0\0\0\xff\xff\xff\xff"s;
  ASSERT_TRUE(image_header_size(tiff));
  EXPECT_GT(image_header_size(tiff)->pixels(), std::int64_t{1} << 60);
}

TEST(ImageLimit, ABombIsRefusedByItsHeader) {
  test::expect_error(ErrorKind::input, {"says_900_million_pixels.png", "30000 x 30000 pixels", "at most 200000000", "--max-image-pixels"},
                     [] { read_image_size(kBomb); });
  Limits limits;
  limits.image_pixels = 1'000'000'000;
  set_limits(limits);
  test::expect_error(ErrorKind::input, {"not an image OpenCV can decode"}, [] { read_image_size(kBomb); });
  set_limits({});
}

}  // namespace
}  // namespace nibble

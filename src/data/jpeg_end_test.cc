// SPDX-License-Identifier: Apache-2.0
#include "data/jpeg_end.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

namespace nibble {
namespace {

std::string bytes_of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

/// A scan of these components: coefficients `first` to `last`, all but their lowest `missing` bits.
std::string scan(std::initializer_list<int> components, int first = 0, int last = 63, int missing = 0) {
  const int count = static_cast<int>(components.size());
  auto file = bytes_of({0xFF, 0xDA, 0, 6 + 2 * count, count});
  for (const int component : components) file += bytes_of({component, 0});
  return file + bytes_of({first, last, missing}) + "pixels";
}

/// The headers of a picture of 40 x 24 px: `components` 1, of which the first is sampled 2 x 2 and the others 1 x 1.
std::string frame(int kind, int components, int restart_interval = 0) {
  auto file = bytes_of({0xFF, 0xD8});
  if (restart_interval > 0) file += bytes_of({0xFF, 0xDD, 0, 4, 0, restart_interval});
  file += bytes_of({0xFF, kind, 0, 8 + 3 * components, 8, 0, 24, 0, 40, components});
  for (int i = 1; i <= components; ++i) file += bytes_of({i, i == 1 ? 0x22 : 0x11, 0});
  return file;
}

std::string jpeg(int kind) { return frame(kind, 1) + scan({1}); }

/// So many restart markers and bits behind each.
std::string restarts(int count) {
  std::string file;
  for (int i = 0; i < count; ++i) file += bytes_of({0xFF, 0xD0 + i % 8}) + "pixels";
  return file;
}

TEST(JpegEnd, IsLookedForBehindTheHeaders) {
  EXPECT_TRUE(lacks_jpeg_end(jpeg(0xC0)));
  EXPECT_FALSE(lacks_jpeg_end(jpeg(0xC0) + "\xFF\xD9"));
  EXPECT_TRUE(lacks_jpeg_end(jpeg(0xC0) + "\xFF"));
  EXPECT_TRUE(lacks_jpeg_end("\xFF\xD8\xFF\xD9")) << "no scan";
  EXPECT_TRUE(lacks_jpeg_end("\xFF\xD8"));
  EXPECT_FALSE(lacks_jpeg_end("\x89PNG"));
  EXPECT_FALSE(lacks_jpeg_end(""));
}

TEST(JpegEnd, AllScansOfASequentialFrameHaveToBeThere) {
  EXPECT_TRUE(can_tell_missing_pixels(jpeg(0xC0)));
  EXPECT_TRUE(can_tell_missing_pixels(jpeg(0xC0) + "\xFF"));
  EXPECT_TRUE(can_tell_missing_pixels(frame(0xC1, 3) + scan({1, 2, 3})));
  EXPECT_FALSE(can_tell_missing_pixels(frame(0xC0, 3) + scan({1})));
  EXPECT_FALSE(can_tell_missing_pixels(frame(0xC0, 3) + scan({1}) + scan({3})));
  EXPECT_TRUE(can_tell_missing_pixels(frame(0xC0, 3) + scan({1}) + scan({3}) + scan({2})));
  EXPECT_FALSE(can_tell_missing_pixels(jpeg(0xC3))) << "lossless";
  EXPECT_FALSE(can_tell_missing_pixels(jpeg(0xC9))) << "arithmetic coding";
  EXPECT_FALSE(can_tell_missing_pixels(frame(0xC0, 1) + scan({7}))) << "an unknown component";
  EXPECT_FALSE(can_tell_missing_pixels(jpeg(0xC0) + bytes_of({0xFF, 0xFE, 0, 20, 'c'}))) << "a comment that is cut";
  const std::string whole = jpeg(0xC0);
  for (std::size_t size = 0; size < whole.size() - 6; ++size) EXPECT_FALSE(can_tell_missing_pixels(whole.substr(0, size))) << size;
}

TEST(JpegEnd, AllBitsOfAProgressiveFrameHaveToBeTold) {
  const std::string constant = frame(0xC2, 3) + scan({1, 2, 3}, 0, 0, 1);
  const std::string first = constant + scan({1}, 1, 63, 2) + scan({2}, 1, 63) + scan({3}, 1, 63) + scan({1}, 1, 63, 1);
  EXPECT_FALSE(can_tell_missing_pixels(constant));
  EXPECT_FALSE(can_tell_missing_pixels(first));
  EXPECT_FALSE(can_tell_missing_pixels(first + scan({1, 2, 3}, 0, 0)));
  EXPECT_FALSE(can_tell_missing_pixels(first + scan({1, 2, 3}, 0, 0) + scan({1}, 1, 62)));
  EXPECT_FALSE(can_tell_missing_pixels(first + scan({1, 2, 3}, 0, 0) + scan({1}, 2, 63)));
  EXPECT_FALSE(can_tell_missing_pixels(first + scan({1}, 1, 63)));
  EXPECT_TRUE(can_tell_missing_pixels(first + scan({1, 2, 3}, 0, 0) + scan({1}, 1, 63)));
  EXPECT_FALSE(can_tell_missing_pixels(first + scan({1, 2, 3}, 0, 0) + scan({1}, 1, 64)));
}

/// 40 x 24 px are 3 x 2 units of 16 x 16 px; the first component alone has 5 x 3 blocks of 8 x 8 px, another one 3 x 2.
TEST(JpegEnd, AllRestartMarkersOfTheLastScanHaveToBeThere) {
  for (const auto& [interval, markers] : {std::pair(2, 2), {4, 1}, {6, 0}}) {
    const auto begin = frame(0xC0, 3, interval) + scan({1, 2, 3});
    for (int count = 0; count < 4; ++count) EXPECT_EQ(can_tell_missing_pixels(begin + restarts(count)), count == markers) << interval;
  }
  for (int count = 0; count < 9; ++count) {
    EXPECT_EQ(can_tell_missing_pixels(frame(0xC0, 3, 2) + scan({2, 3}) + scan({1}) + restarts(count)), count == 7) << count;
    EXPECT_EQ(can_tell_missing_pixels(frame(0xC0, 3, 2) + scan({1, 3}) + scan({2}) + restarts(count)), count == 2) << count;
  }
}

TEST(JpegEnd, IsWrittenBehindAWholeByte) {
  EXPECT_EQ(with_jpeg_end("ab", 0), "ab\xFF\xD9");
  EXPECT_EQ(with_jpeg_end("ab\xFF", 0), std::string("ab\xFF\0\xFF\xD9", 6));
  const auto pattern = with_jpeg_end("ab", 0x55);
  EXPECT_EQ(pattern.find('\xFF'), pattern.size() - 2);
  EXPECT_TRUE(pattern.starts_with("abUU"));
}

}  // namespace
}  // namespace nibble

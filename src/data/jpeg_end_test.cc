// SPDX-License-Identifier: Apache-2.0
#include "data/jpeg_end.h"

#include <gtest/gtest.h>

#include "base/files.h"

namespace nibble {
namespace {

/// Headers only, as far as they are read.
std::string jpeg(unsigned char frame, unsigned char components, unsigned char scanned, int restart_interval = 0) {
  std::string file("\xFF\xD8", 2);
  if (restart_interval > 0) file += std::string("\xFF\xDD\0\4\0", 5) + static_cast<char>(restart_interval);
  file += std::string("\xFF", 1) + static_cast<char>(frame) + std::string("\0\x0B\x08\0\1\0\1", 7) + static_cast<char>(components) +
          std::string("\1\x11\0", 3);
  file += std::string("\xFF\xDA\0\x08", 4) + static_cast<char>(scanned) + std::string("\1\0\0\x3F\0", 5);
  return file + "pixels";
}

TEST(JpegEnd, IsLookedForBehindTheHeaders) {
  EXPECT_TRUE(lacks_jpeg_end(jpeg(0xC0, 1, 1)));
  EXPECT_FALSE(lacks_jpeg_end(jpeg(0xC0, 1, 1) + "\xFF\xD9"));
  EXPECT_TRUE(lacks_jpeg_end(jpeg(0xC0, 1, 1) + "\xFF"));
  EXPECT_TRUE(lacks_jpeg_end("\xFF\xD8\xFF\xD9")) << "no scan";
  EXPECT_TRUE(lacks_jpeg_end("\xFF\xD8"));
  EXPECT_FALSE(lacks_jpeg_end("\x89PNG"));
  EXPECT_FALSE(lacks_jpeg_end(""));
}

TEST(JpegEnd, MissingPixelsShowInOneSequentialScanAlone) {
  EXPECT_TRUE(can_tell_missing_pixels(jpeg(0xC0, 1, 1)));
  EXPECT_TRUE(can_tell_missing_pixels(jpeg(0xC1, 3, 3)));
  EXPECT_FALSE(can_tell_missing_pixels(jpeg(0xC2, 1, 1))) << "progressive";
  EXPECT_FALSE(can_tell_missing_pixels(jpeg(0xC0, 3, 1))) << "a scan for each component";
  EXPECT_FALSE(can_tell_missing_pixels(jpeg(0xC0, 1, 1, 8))) << "restart markers";
  const std::string whole = jpeg(0xC0, 1, 1);
  for (std::size_t size = 0; size < whole.size() - 16; ++size) EXPECT_FALSE(can_tell_missing_pixels(whole.substr(0, size))) << size;
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

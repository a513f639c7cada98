// SPDX-License-Identifier: Apache-2.0
#include "data/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "data/coco.h"

namespace nibble {
namespace {

constexpr std::int64_t kSize = 160;
const std::filesystem::path kImages = NIBBLE_SOURCE_DIR "/assets/coco";

std::vector<NetworkImage> images_of(const char* folder) {
  std::vector<NetworkImage> images;
  for (const auto& file : list_image_files(kImages / folder)) images.push_back(read_network_image(file, kSize));
  return images;
}

/// The same pixels in a mirror, brighter, and with noise of a few levels.
NetworkImage disguised(const NetworkImage& image, bool mirrored, int brighter) {
  const auto from = image.pixels.as<std::uint8_t>();
  const auto size = static_cast<std::size_t>(kSize);
  std::vector<std::uint8_t> to(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const auto x = i % size, line = i - x;
    const int noise = static_cast<int>(i * 2654435761U >> 29) % 5 - 2;
    to[i] = static_cast<std::uint8_t>(std::clamp(from[line + (mirrored ? size - 1 - x : x)] + brighter + noise, 0, 255));
  }
  auto copy = image;
  copy.pixels = Tensor::of<std::uint8_t>(image.pixels.shape(), std::move(to));
  if (mirrored) {
    const double width = std::round(static_cast<double>(image.letterbox.width_px) * image.letterbox.ratio);
    copy.letterbox.pad_x_px = static_cast<double>(kSize) - width - image.letterbox.pad_x_px;
  }
  return copy;
}

TEST(Fingerprint, CopiesAreNearAndPhotographsFar) {
  const auto images = images_of("val2017");
  ASSERT_GE(images.size(), 30U);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto print = fingerprint_of(images[i]);
    EXPECT_EQ(distance(print, print), 0);
    EXPECT_LE(distance(print, fingerprint_of(disguised(images[i], false, 6))), kSamePicture) << i;
    EXPECT_LE(distance(print, fingerprint_of(disguised(images[i], true, 0))), kSamePicture / 2) << i << ": cells must be the mirror's";
    for (std::size_t k = 0; k < i; ++k) EXPECT_GT(distance(print, fingerprint_of(images[k])), kSamePicture) << i << " and " << k;
  }
}

TEST(Fingerprint, TheSizeOfTheInputHardlyMatters) {
  const auto file = list_image_files(kImages / "val2017").front();
  EXPECT_LE(distance(fingerprint_of(read_network_image(file, 640)), fingerprint_of(read_network_image(file, 320))), kSamePicture);
}

NetworkImage plain(std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
  std::vector<std::uint8_t> pixels;
  for (const auto value : {red, green, blue}) pixels.insert(pixels.end(), 32 * 32, value);
  return {Tensor::of<std::uint8_t>({3, 32, 32}, pixels), {1, 0, 0, 32, 32}};
}

TEST(Fingerprint, TellsGreyAndFlatImages) {
  EXPECT_TRUE(fingerprint_of(plain(90, 90, 90)).is_grey);
  EXPECT_FALSE(fingerprint_of(plain(90, 120, 90)).is_grey);
  EXPECT_EQ(fingerprint_of(plain(90, 90, 90)).contrast, 0);
  EXPECT_GT(fingerprint_of(images_of("train2017").front()).contrast, 10);
}

TEST(Fingerprint, AVeryNarrowImageHasOne) {
  NetworkImage narrow = plain(10, 20, 30);
  narrow.letterbox = {0.5, 15, 0, 3, 64};
  EXPECT_EQ(distance(fingerprint_of(narrow), fingerprint_of(narrow)), 0);
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/image_survey.h"

#include <fmt/format.h>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kSize = 160;  // enough for 17 x 16 cells, quick to make

/// Without the rows and columns of border.
double brightness_of(const NetworkImage& image) {
  const auto values = image.pixels.as<std::uint8_t>();
  const auto left = static_cast<std::int64_t>(image.letterbox.pad_x_px), top = static_cast<std::int64_t>(image.letterbox.pad_y_px);
  double sum = 0, count = 0;
  for (std::int64_t plane = 0; plane < 3; ++plane)
    for (std::int64_t y = top + 1; y + top + 1 < kSize; ++y)
      for (std::int64_t x = left + 1; x + left + 1 < kSize; ++x, ++count)
        sum += values[static_cast<std::size_t>((plane * kSize + y) * kSize + x)];
  return count > 0 ? sum / count : 0;
}

SurveyedImage survey(const std::filesystem::path& file) {
  SurveyedImage image;
  image.file = file;
  try {
    const auto pixels = read_network_image(file, kSize);
    image.print = fingerprint_of(pixels);
    image.brightness = brightness_of(pixels);
    image.width_px = pixels.letterbox.width_px;
    image.height_px = pixels.letterbox.height_px;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    image.problem = error.what();
  }
  return image;
}

std::optional<int> distance_of(const SurveyedImage& a, const SurveyedImage& b) {
  if (!a.print || !b.print) return std::nullopt;
  const int found = distance(*a.print, *b.print);
  return found <= kSamePicture ? std::optional(found) : std::nullopt;
}

}  // namespace

std::vector<SurveyedImage> survey_images(const std::vector<std::filesystem::path>& files, const std::string& title, Progress& progress) {
  std::vector<SurveyedImage> images;
  progress.begin(title, static_cast<std::int64_t>(files.size()));
  for (const auto& file : files) {
    throw_if_interrupted();
    images.push_back(survey(file));
    progress.step(file.filename().string());
  }
  progress.end(fmt::format("{} images", images.size()));
  return images;
}

std::vector<Copy> copies_within(const std::vector<SurveyedImage>& images) {
  std::vector<Copy> copies;
  for (std::size_t k = 0; k < images.size(); ++k)
    for (std::size_t i = 0; i < k; ++i)
      if (const auto found = distance_of(images[i], images[k])) {
        copies.push_back({i, k, *found});
        break;  // one of its earlier copies is enough
      }
  return copies;
}

std::vector<Copy> copies_between(const std::vector<SurveyedImage>& images, const std::vector<SurveyedImage>& others) {
  std::vector<Copy> copies;
  for (std::size_t i = 0; i < images.size(); ++i)
    for (std::size_t k = 0; k < others.size(); ++k)
      if (const auto found = distance_of(images[i], others[k])) {
        copies.push_back({i, k, *found});
        break;
      }
  return copies;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/image_size_text.h"
#include "base/loadable_module.h"
#include "data/exif_orientation.h"
#include "data/image_file.h"
#include "data/image_header.h"
#include "data/image_module.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kMaxSizePx = 16384;
constexpr std::int64_t kMaxImageSidePx = 1 << 20;  ///< As OpenCV limits the images that it decodes.

ImageModuleResult read_in_module(const std::filesystem::path& path, const ImageSize& size, std::uint8_t* pixels) {
  const std::string file = read_image_file(path);
  static auto* const read = module_function<ReadImageFunction>(kImageModule, kReadImageSymbol);
  ImageModuleResult result;
  ModuleReason why{};
  if (read(reinterpret_cast<const std::uint8_t*>(file.data()), file.size(), size.height, size.width, pixels, &result, why.data(),
           why.size()) != 0)
    refuse_image(path, why.data());
  return result;
}

void require_input_size(const ImageSize& size) {
  if (std::min(size.height, size.width) <= 0 || std::max(size.height, size.width) > kMaxSizePx)
    throw Error(ErrorKind::usage, fmt::format("image size: {} pixels: expected 1 to {}", text_of(size), kMaxSizePx));
}

NetworkImage network_image(const ImageSize& size, std::vector<std::uint8_t> pixels, const ImageModuleResult& placed) {
  return {Tensor::of<std::uint8_t>({3, size.height, size.width}, std::move(pixels)),
          {placed.ratio, static_cast<double>(placed.left_px), static_cast<double>(placed.top_px), placed.width_px, placed.height_px}};
}

const std::array<float, 256>& unit_values() {
  static const auto table = [] {
    std::array<float, 256> values{};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) / 255.0F;
    return values;
  }();
  return table;
}

}  // namespace

NetworkImage read_network_image(const std::filesystem::path& path, const ImageSize& size) {
  require_input_size(size);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * size.pixels()));
  const auto placed = read_in_module(path, size, pixels.data());
  return network_image(size, std::move(pixels), placed);
}

NetworkImage network_image_of(std::span<const std::uint8_t> rgb, const ImageSize& image_size, const ImageSize& size) {
  require_input_size(size);
  if (std::min(image_size.height, image_size.width) <= 0 || std::max(image_size.height, image_size.width) > kMaxImageSidePx ||
      rgb.size() != static_cast<std::size_t>(3 * image_size.pixels()))
    throw Error(ErrorKind::usage,
                fmt::format("image: {} bytes for {} pixels: expected sides of 1 to {} pixels and three bytes for each pixel", rgb.size(),
                            text_of(image_size), kMaxImageSidePx));
  static auto* const letterbox = module_function<LetterboxImageFunction>(kImageModule, kLetterboxImageSymbol);
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * size.pixels()));
  ImageModuleResult placed;
  ModuleReason why{};
  if (letterbox(rgb.data(), image_size.width, image_size.height, size.height, size.width, pixels.data(), &placed, why.data(), why.size()) !=
      0)
    throw Error(ErrorKind::internal, std::string("image: OpenCV: ") + why.data());
  return network_image(size, std::move(pixels), placed);
}

ImageSize read_image_size(const std::filesystem::path& path) {
  const auto result = read_in_module(path, 0, nullptr);
  return {result.height_px, result.width_px};
}

ImageSize read_told_image_size(const std::filesystem::path& path) {
  constexpr int kFirstTurned = 5;  // 5 to 8 lie on their side
  const std::string file = read_image_file(path);
  auto size = image_header_size(file);
  if (!size || size->height <= 0 || size->width <= 0) return read_image_size(path);
  if (exif_orientation(file) >= kFirstTurned) std::swap(size->height, size->width);
  return *size;
}

Tensor stack_images(const std::vector<NetworkImage>& images) {
  if (images.empty()) throw Error(ErrorKind::internal, "stack_images: no image");
  const Shape& shape = images.front().pixels.shape();
  Shape stacked = {static_cast<std::int64_t>(images.size())};
  stacked.insert(stacked.end(), shape.begin(), shape.end());
  std::vector<float> values;
  values.reserve(static_cast<std::size_t>(count_of(stacked)));
  for (const auto& image : images) {
    if (image.pixels.shape() != shape) throw Error(ErrorKind::internal, "stack_images: images of unequal size");
    for (const auto value : image.pixels.as<std::uint8_t>()) values.push_back(unit_values()[value]);
  }
  return Tensor::of<float>(std::move(stacked), std::move(values));
}

std::string image_library_version() { return module_function<ImageVersionFunction>(kImageModule, kImageVersionSymbol)(); }

}  // namespace nibble

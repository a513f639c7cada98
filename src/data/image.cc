// SPDX-License-Identifier: Apache-2.0
#include "data/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/image_size_text.h"
#include "base/loadable_module.h"
#include "data/image_file.h"
#include "data/image_module.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::int64_t kMaxSizePx = 16384;

ImageIslandResult read_with_island(const std::filesystem::path& path, const ImageSize& size, std::uint8_t* pixels) {
  const std::string file = read_image_file(path);
  static auto* const read = module_function<ReadImageFunction>(kImageIsland, kReadImageSymbol);
  ImageIslandResult result;
  IslandReason why{};
  if (read(reinterpret_cast<const std::uint8_t*>(file.data()), file.size(), size.height, size.width, pixels, &result, why.data(),
           why.size()) != 0)
    refuse_image(path, why.data());
  return result;
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
  if (std::min(size.height, size.width) <= 0 || std::max(size.height, size.width) > kMaxSizePx)
    throw Error(ErrorKind::usage, fmt::format("image size: {} pixels: expected 1 to {}", text_of(size), kMaxSizePx));
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * size.pixels()));
  const auto placed = read_with_island(path, size, pixels.data());
  return {Tensor::of<std::uint8_t>({3, size.height, size.width}, std::move(pixels)),
          {placed.ratio, static_cast<double>(placed.left_px), static_cast<double>(placed.top_px), placed.width_px, placed.height_px}};
}

ImageSize read_image_size(const std::filesystem::path& path) {
  const auto result = read_with_island(path, 0, nullptr);
  return {result.height_px, result.width_px};
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

std::string image_library_version() { return module_function<ImageVersionFunction>(kImageIsland, kImageVersionSymbol)(); }

}  // namespace nibble

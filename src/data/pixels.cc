// SPDX-License-Identifier: Apache-2.0
#include "data/pixels.h"

#include "base/loadable_module.h"
#include "data/image_file.h"
#include "data/image_module.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::uint8_t* allocate_pixels(void* context, std::int64_t width_px, std::int64_t height_px) noexcept {
  auto& pixels = *static_cast<Pixels*>(context);
  try {
    pixels = {width_px, height_px, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width_px * height_px))};
    return pixels.rgb.data();
  } catch (...) {
    return nullptr;  // the module says so
  }
}

void require(int failed, const ModuleReason& why) {
  if (failed != 0) throw Error(ErrorKind::internal, std::string("image: OpenCV: ") + why.data());
}

}  // namespace

Pixels grey_canvas(std::int64_t width_px, std::int64_t height_px) {
  return {width_px, height_px, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width_px * height_px), kBorderGrey)};
}

DecodedImage read_pixels(const std::filesystem::path& path, const ImageSize& box) {
  static auto* const decode = module_function<DecodeImageFunction>(kImageModule, kDecodeImageSymbol);
  const std::string file = read_image_file(path);
  DecodedImage image;
  ImageModuleResult original;
  ModuleReason why{};
  if (decode(reinterpret_cast<const std::uint8_t*>(file.data()), file.size(), box.height, box.width, allocate_pixels, &image.pixels,
             &original, why.data(), why.size()) != 0)
    refuse_image(path, why.data());
  image.original = {original.height_px, original.width_px};
  return image;
}

Pixels warp(const Pixels& source, const std::array<double, 6>& matrix, const ImageSize& size) {
  static auto* const warp_image = module_function<WarpImageFunction>(kImageModule, kWarpImageSymbol);
  Pixels result = grey_canvas(size.width, size.height);
  ModuleReason why{};
  require(warp_image(source.rgb.data(), source.width_px, source.height_px, matrix.data(), kBorderGrey, size.height, size.width,
                     result.rgb.data(), why.data(), why.size()),
          why);
  return result;
}

void jitter_colours(Pixels& pixels, const ColourJitter& jitter) {
  static auto* const jitter_image = module_function<JitterColoursFunction>(kImageModule, kJitterColoursSymbol);
  ModuleReason why{};
  require(jitter_image(pixels.rgb.data(), pixels.width_px, pixels.height_px, jitter.hue, jitter.saturation, jitter.brightness, why.data(),
                       why.size()),
          why);
}

}  // namespace nibble

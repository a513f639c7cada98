// SPDX-License-Identifier: Apache-2.0
#include "data/input_tensor.h"

#include <cstring>

#include "nibble/error.h"

namespace nibble {

Tensor stack_pixels(const std::vector<NetworkImage>& images) {
  if (images.empty()) throw Error(ErrorKind::internal, "stack_pixels: no image");
  const Shape& shape = images.front().pixels.shape();
  Shape stacked = {static_cast<std::int64_t>(images.size())};
  stacked.insert(stacked.end(), shape.begin(), shape.end());
  std::vector<std::uint8_t> values;
  values.reserve(static_cast<std::size_t>(count_of(stacked)));
  for (const auto& image : images) {
    if (image.pixels.shape() != shape) throw Error(ErrorKind::internal, "stack_pixels: images of unequal size");
    const auto pixels = image.pixels.as<std::uint8_t>();
    values.insert(values.end(), pixels.begin(), pixels.end());
  }
  return Tensor::of<std::uint8_t>(std::move(stacked), std::move(values));
}

Tensor with_channels_last(const Tensor& planes) {
  const Shape& shape = planes.shape();
  const auto size = size_of(planes.dtype());
  const auto images = static_cast<std::size_t>(shape.at(0)), channels = static_cast<std::size_t>(shape.at(1));
  const auto pixels = static_cast<std::size_t>(shape.at(2) * shape.at(3));
  const auto from = planes.bytes();
  std::vector<std::byte> to(from.size());
  for (std::size_t image = 0; image < images; ++image)
    for (std::size_t c = 0; c < channels; ++c)
      for (std::size_t p = 0; p < pixels; ++p)
        std::memcpy(&to[((image * pixels + p) * channels + c) * size], &from[((image * channels + c) * pixels + p) * size], size);
  return Tensor::from_bytes(planes.dtype(), {shape[0], shape[2], shape[3], shape[1]}, to);
}

}  // namespace nibble

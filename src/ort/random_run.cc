// SPDX-License-Identifier: Apache-2.0
#include "ort/random_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <random>

#include "base/image_size_text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

void require_finite(const std::string& name, std::span<const float> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw Error(ErrorKind::numeric,
                  fmt::format("output '{}': element {} of {} is {}; the model does not compute", name, i, values.size(), values[i]));
}

/// Shapes come from a file: how many elements they hold, or an error where that is no input to try.
std::size_t input_count(const Shape& shape) {
  constexpr double kMost = 1U << 30;
  double count = 1;
  for (const auto extent : shape) count *= static_cast<double>(extent);
  if (!(count <= kMost))
    throw Error(ErrorKind::unsupported,
                fmt::format("random input: an input of shape [{}] is too large to be tried", fmt::join(shape, ",")));
  return static_cast<std::size_t>(count);
}

/// 24 random bits: std::uniform_real_distribution may differ between libraries, this does not.
float next_uniform(std::mt19937_64& random) { return std::ldexp(static_cast<float>(random() >> 40), -24); }

template <class T>
Tensor random_integers(const Shape& shape, std::mt19937_64& random) {
  std::vector<T> values(input_count(shape));
  for (auto& value : values) value = static_cast<T>(random() >> 63);
  return Tensor::of<T>(shape, std::move(values));
}

Tensor random_pixels(const Shape& shape, std::mt19937_64& random) {
  std::vector<std::uint8_t> values(input_count(shape));
  for (auto& value : values) value = static_cast<std::uint8_t>(random() >> 56);
  return Tensor::of<std::uint8_t>(shape, std::move(values));
}

Tensor random_tensor(DType dtype, const Shape& shape, std::mt19937_64& random) {
  switch (dtype) {
    case DType::i64: return random_integers<std::int64_t>(shape, random);
    case DType::i32: return random_integers<std::int32_t>(shape, random);
    case DType::i16: return random_integers<std::int16_t>(shape, random);
    case DType::i8: return random_integers<std::int8_t>(shape, random);
    case DType::u8: return random_pixels(shape, random);
    case DType::boolean: return Tensor::from_bytes(DType::boolean, shape, random_integers<std::uint8_t>(shape, random).bytes());
    case DType::f32:
    case DType::f16:
    case DType::f64: break;
  }
  std::vector<float> values(input_count(shape));
  for (auto& value : values) value = next_uniform(random);
  return Tensor::of<float>(shape, std::move(values)).to(dtype);
}

/// The metadata entry `imgsz`, 640 x 640 without one.
ImageSize image_size_of(const Session& session) {
  constexpr ImageSize kDefault = 640;
  const auto entry = session.metadata().find("imgsz");
  return entry == session.metadata().end() ? kDefault : parse_image_size(entry->second).value_or(kDefault);
}

/// In place of an extent known at run time only: of [B,3,H,W], and [B,H,W,3] where the channels are known to be last.
std::int64_t chosen_extent(const Shape& shape, std::size_t axis, const ImageSize& size) {
  if (axis == 0) return 1;
  const std::size_t width_axis = shape.size() == 4 && shape[3] == 3 ? 2 : 3;
  return axis == width_axis ? size.width : size.height;
}

}  // namespace

std::vector<Tensor> random_inputs(const Session& session, std::uint64_t seed, const std::optional<ImageSize>& image_size) {
  const ImageSize size = image_size.value_or(image_size_of(session));
  std::mt19937_64 random(seed);
  std::vector<Tensor> inputs;
  for (const auto& info : session.inputs()) {
    Shape shape = info.shape;
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      if (shape[axis] < 0) shape[axis] = chosen_extent(info.shape, axis, size);
    inputs.push_back(random_tensor(info.dtype, shape, random));
  }
  return inputs;
}

void require_finite_outputs(const Session& session, std::uint64_t seed) {
  const auto outputs = session.run(random_inputs(session, seed));
  for (std::size_t i = 0; i < outputs.size(); ++i) require_finite(session.outputs()[i].name, outputs[i].to(DType::f32).as<float>());
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// How a value is quantised. Affine, as ONNX QuantizeLinear / DequantizeLinear define it:
//   code = saturate(round_half_even(x / scale) + zero_point),   x' = (code - zero_point) * scale.
#pragma once
#include <cstdint>

#include "base/tensor.h"
#include "graph/trellis.h"

namespace nibble {

enum class Granularity { tensor, channel, block };

/// Codes of weights with 8-bit activations stay in -64..63 where the range is reduced. x86 processors before VNNI multiply bytes by
/// `vpmaddubsw`, which adds two products of unsigned and signed bytes in 16 bits and saturates: 2 * 255 * 64 fits, 2 * 255 * 127 does not.
/// The same name and remedy as in ONNX Runtime's quantizer ("reduce_range").
inline constexpr int kReducedBits = 7;
inline constexpr int kLargestOfReducedRange = (1 << (kReducedBits - 1)) - 1;

struct QuantSpec {
  int bits = 8;  ///< 2..8; 32, signed, for a bias on the accumulator's grid
  bool is_signed = true;
  bool narrow = false;  ///< signed only: drop the lowest code (-7..7 for 4 bits)
  Granularity granularity = Granularity::tensor;
  std::int64_t block = 0;     ///< Granularity::block: input channels (axis 1) per scale; 0 otherwise
  TrellisCode trellis{};      ///< weights of 8 bits, not narrow, per channel, zero points 0: how few bits hold a code; else none
  bool reduce_range = false;  ///< signed 8 bits only: codes of kReducedBits

  /// Bits of a code as a file holds it that knows the trellis.
  int stored_bits() const { return trellis ? trellis.bits : bits; }
  int range_bits() const { return reduce_range ? kReducedBits : bits; }
  std::int32_t min_code() const {
    return is_signed ? static_cast<std::int32_t>(-(std::int64_t{1} << (range_bits() - 1))) + (narrow ? 1 : 0) : 0;
  }
  std::int32_t max_code() const { return static_cast<std::int32_t>((std::int64_t{1} << (is_signed ? range_bits() - 1 : bits)) - 1); }
  bool operator==(const QuantSpec&) const = default;
};

/// Extents of the scale of weights: [] per tensor, [O] per channel, [O, ceil(I/block), ...] per block; the last block of a
/// row may be shorter, as ONNX allows. Error(internal) where the weights have no such axis or the block is not positive.
Shape scale_shape(const QuantSpec& spec, const Shape& weight);

/// `scale` is f32, positive and finite; `zero_point` is i8 (signed, all 0 at 32 bits) or u8 and has the
/// shape of `scale`: that of scale_shape.
struct QuantParams {
  QuantSpec spec;
  Tensor scale;
  Tensor zero_point;
};

}  // namespace nibble

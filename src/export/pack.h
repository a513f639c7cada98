// SPDX-License-Identifier: Apache-2.0
// ONNX's storage of 4-bit elements: two a byte, the first in the low half; an odd count leaves the last high half zero.
// pack_nibbles of int8 {1, -2, 7} is {0xE1, 0x07}.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/tensor.h"

namespace nibble {

/// Packs i8 or u8 codes, which must fit in 4 bits, into a u8 tensor of (count + 1) / 2 bytes.
Tensor pack_nibbles(const Tensor& codes);
/// The first `count` codes in `bytes`, which must have at least (count + 1) / 2 bytes.
std::vector<std::int8_t> unpack_nibbles(std::span<const std::byte> bytes, std::size_t count, bool is_signed);

}  // namespace nibble

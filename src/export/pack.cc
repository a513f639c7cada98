// SPDX-License-Identifier: Apache-2.0
#include "export/pack.h"

#include "nibble/error.h"

namespace nibble {

Tensor pack_nibbles(const Tensor& codes) {
  const auto bytes = codes.bytes();
  if (size_of(codes.dtype()) != 1) throw Error(ErrorKind::internal, "export: only 8-bit codes can be packed");
  std::vector<std::uint8_t> packed((bytes.size() + 1) / 2, 0);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto nibble = std::to_integer<unsigned>(bytes[i]) & 0xFU;
    packed[i / 2] = static_cast<std::uint8_t>(packed[i / 2] | (i % 2 == 0 ? nibble : nibble << 4));
  }
  const auto size = static_cast<std::int64_t>(packed.size());
  return Tensor::of<std::uint8_t>({size}, std::move(packed));
}

std::vector<std::int8_t> unpack_nibbles(std::span<const std::byte> bytes, std::size_t count, bool is_signed) {
  if (bytes.size() < (count + 1) / 2) throw Error(ErrorKind::internal, "export: too few bytes for the packed codes");
  std::vector<std::int8_t> codes(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = std::to_integer<int>(bytes[i / 2]);
    const int nibble = (i % 2 == 0 ? byte : byte >> 4) & 0xF;
    codes[i] = static_cast<std::int8_t>(is_signed && nibble > 7 ? nibble - 16 : nibble);
  }
  return codes;
}

}  // namespace nibble

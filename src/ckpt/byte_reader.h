// SPDX-License-Identifier: Apache-2.0
// A cursor over untrusted bytes: every read is checked against the end before it happens.
#pragma once
#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "nibble/error.h"

namespace nibble {

static_assert(std::endian::native == std::endian::little, "the formats read here are little-endian and read as they lie");

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes, std::size_t position = 0) : bytes_(bytes), position_(position) { require(0); }

  std::size_t position() const { return position_; }
  std::size_t remaining() const { return bytes_.size() - position_; }

  /// A little-endian number (the files' and every supported machine's order).
  template <class T>
  T number() {
    T value{};
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  /// The next `count` bytes, in place: valid as long as the underlying bytes.
  std::string_view take(std::uint64_t count) {
    require(count);
    const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + position_, static_cast<std::size_t>(count));
    position_ += text.size();
    return text;
  }
  /// Up to the next line feed, which is consumed and not part of the result.
  std::string_view line() {
    const std::string_view rest(reinterpret_cast<const char*>(bytes_.data()) + position_, remaining());
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) throw Error(ErrorKind::input, "a line does not end");
    position_ += end + 1;
    return rest.substr(0, end);
  }

 private:
  void require(std::uint64_t count) const {
    if (position_ > bytes_.size() || count > remaining())
      throw Error(ErrorKind::input,
                  fmt::format("{} bytes are needed at byte {}, the data ends at byte {}", count, position_, bytes_.size()));
  }

  std::span<const std::byte> bytes_;
  std::size_t position_ = 0;
};

}  // namespace nibble

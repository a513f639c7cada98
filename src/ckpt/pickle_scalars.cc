// SPDX-License-Identifier: Apache-2.0
#include "ckpt/pickle_scalars.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>

#include "ckpt/text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::size_t kMaxDigits = 4300;  // Python's own limit on decimal integers

MutableRef make_large_integer(PickleHeap& heap, std::string text) {
  const PickleRef digits = heap.make(std::move(text));
  return heap.make(PickleObject{{"builtins", "int"}, {digits}, nullptr, {}, {}});
}

}  // namespace

MutableRef parse_integer(PickleHeap& heap, std::string_view text, bool may_be_boolean) {
  if (may_be_boolean && (text == "01" || text == "00")) return heap.boolean(text == "01");
  if (text.ends_with('L')) text.remove_suffix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size() || text.size() > kMaxDigits)
    throw Error(ErrorKind::input, fmt::format("{} is no integer", in_quotes(text)));
  if (error == std::errc::result_out_of_range) return make_large_integer(heap, std::string(text));
  if (error != std::errc()) throw Error(ErrorKind::input, fmt::format("{} is no integer", in_quotes(text)));
  return heap.integer(value);
}

MutableRef decode_integer(PickleHeap& heap, std::string_view bytes) {
  if (bytes.size() > sizeof(std::int64_t)) {
    std::string digits = "0x";
    heap.charge(2 * bytes.size());
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) digits += fmt::format("{:02x}", static_cast<unsigned char>(*byte));
    return make_large_integer(heap, std::move(digits));
  }
  const bool is_negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
  std::uint64_t value = is_negative ? ~std::uint64_t{0} : 0;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte) value = (value << 8) | static_cast<unsigned char>(*byte);
  return heap.integer(static_cast<std::int64_t>(value));
}

MutableRef parse_float(PickleHeap& heap, std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(ErrorKind::input, fmt::format("{} is no number", in_quotes(text)));
  return heap.make(value);
}

double decode_float(std::string_view eight_bytes) {
  std::uint64_t bits = 0;
  for (const char byte : eight_bytes) bits = (bits << 8) | static_cast<unsigned char>(byte);
  return std::bit_cast<double>(bits);
}

MutableRef make_text(PickleHeap& heap, std::string_view text) {
  if (!is_utf8(text)) throw Error(ErrorKind::input, fmt::format("the string {} is not UTF-8", in_quotes(text)));
  return heap.make(std::string(text));
}

MutableRef make_bytes(PickleHeap& heap, std::string_view bytes, const char* type) {
  const PickleRef content = heap.make(std::string(bytes));
  return heap.make(PickleObject{{"builtins", type}, {content}, nullptr, {}, {}});
}

MutableRef make_text_or_bytes(PickleHeap& heap, std::string_view bytes) {
  return is_utf8(bytes) ? heap.make(std::string(bytes)) : make_bytes(heap, bytes, "bytes");
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "yolo/python_integer.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <string>
#include <string_view>

#include "ckpt/text.h"

namespace nibble {
namespace {

/// The bytes of a bytes object, or of text that stands for bytes (protocol 2: _codecs.encode(text, "latin1")).
std::optional<std::string> bytes_of(const PickleRef& value) {
  const auto* object = value == nullptr ? nullptr : value->get_if<PickleObject>();
  const auto* text = object == nullptr || object->arguments.empty() ? nullptr : object->arguments[0]->get_if<std::string>();
  if (text == nullptr) return std::nullopt;
  if (object->type.module == "builtins" && object->type.name == "bytes") return *text;
  if (object->type.module != "_codecs" || object->type.name != "encode") return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text->size(); ++i) {
    const auto first = static_cast<unsigned char>((*text)[i]);
    if (first < 0x80) {
      bytes += static_cast<char>(first);
    } else if (first <= 0xC3 && i + 1 < text->size()) {  // U+0080 to U+00FF: two bytes of UTF-8
      bytes += static_cast<char>((first << 6) | (static_cast<unsigned char>((*text)[++i]) & 0x3F));
    } else {
      return std::nullopt;
    }
  }
  return bytes;
}

/// A NumPy scalar: the name of its type ("i8", "U3"), and its bytes with the most significant one of each element first.
struct NumPyScalar {
  std::string type;
  std::string bytes;
};

/// numpy.dtype("i8", False, True), and ">" second in its state where it is big-endian.
bool is_big_endian(const PickleObject& dtype) {
  const auto* state = dtype.state == nullptr ? nullptr : dtype.state->get_if<PickleList>();
  const auto* order = state == nullptr || state->items.size() < 2 ? nullptr : state->items[1]->get_if<std::string>();
  return order != nullptr && *order == ">";
}

/// `element_bytes` of a type's name; 0: none of these.
template <class ElementBytes>
std::optional<NumPyScalar> numpy_scalar(const PickleRef& value, const ElementBytes& element_bytes) {
  const auto* object = value == nullptr ? nullptr : value->get_if<PickleObject>();
  if (object == nullptr || !object->type.module.starts_with("numpy.") || object->type.name != "scalar") return std::nullopt;
  if (object->arguments.size() != 2) return std::nullopt;
  const auto* dtype = object->arguments[0]->get_if<PickleObject>();
  const auto* name = dtype == nullptr || dtype->arguments.empty() ? nullptr : dtype->arguments[0]->get_if<std::string>();
  if (name == nullptr || dtype->type.module != "numpy" || dtype->type.name != "dtype") return std::nullopt;
  const std::size_t size = element_bytes(*name);
  auto bytes = bytes_of(object->arguments[1]);
  if (size == 0 || !bytes || bytes->empty() || bytes->size() % size != 0) return std::nullopt;
  if (!is_big_endian(*dtype))
    for (auto at = bytes->begin(); at != bytes->end(); at += static_cast<std::ptrdiff_t>(size))
      std::reverse(at, at + static_cast<std::ptrdiff_t>(size));
  return NumPyScalar{*name, *std::move(bytes)};
}

std::size_t integer_bytes(const std::string& name) {
  const bool is_integer =
      name.size() == 2 && (name[0] == 'i' || name[0] == 'u') && std::string_view("1248").find(name[1]) != std::string::npos;
  return is_integer ? static_cast<std::size_t>(name[1] - '0') : 0;
}

std::size_t real_bytes(const std::string& name) { return name == "f8" ? sizeof(double) : name == "f4" ? sizeof(float) : 0; }

/// Of bytes with the most significant one first; at most eight.
std::uint64_t number_of(const std::string& bytes, std::uint64_t above = 0) {
  for (const char byte : bytes) above = above << 8 | static_cast<unsigned char>(byte);
  return above;
}

std::optional<std::int64_t> numpy_integer(const PickleRef& value) {
  const auto scalar = numpy_scalar(value, integer_bytes);
  if (!scalar || scalar->bytes.size() != integer_bytes(scalar->type)) return std::nullopt;
  const bool is_signed = scalar->type[0] == 'i', is_high = (static_cast<unsigned char>(scalar->bytes[0]) & 0x80) != 0;
  if (!is_signed && is_high && scalar->bytes.size() == 8) return std::nullopt;
  return static_cast<std::int64_t>(number_of(scalar->bytes, is_signed && is_high ? ~std::uint64_t{0} : 0));
}

}  // namespace

std::optional<std::int64_t> integer_value(const PickleRef& value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* integer = value->get_if<std::int64_t>()) return *integer;
  return numpy_integer(value);
}

std::optional<double> real_value(const PickleRef& value) {
  if (const auto integer = integer_value(value)) return static_cast<double>(*integer);
  if (const auto* real = value == nullptr ? nullptr : value->get_if<double>()) return *real;
  const auto scalar = numpy_scalar(value, real_bytes);
  if (!scalar || scalar->bytes.size() != real_bytes(scalar->type)) return std::nullopt;
  const auto bits = number_of(scalar->bytes);
  if (scalar->type == "f8") return std::bit_cast<double>(bits);
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
}

std::optional<std::string> text_value(const PickleRef& value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->get_if<std::string>()) return *text;
  constexpr std::size_t kCharacterBytes = 4;  // of UTF-32
  const auto scalar = numpy_scalar(value, [](const std::string& name) { return name.starts_with('U') ? kCharacterBytes : 0; });
  if (!scalar) return std::nullopt;
  std::string text;
  for (std::size_t at = 0; at < scalar->bytes.size(); at += kCharacterBytes) {
    char32_t character = 0;
    for (std::size_t i = 0; i < kCharacterBytes; ++i) character = character << 8 | static_cast<unsigned char>(scalar->bytes[at + i]);
    if (!append_utf8(text, character)) return std::nullopt;
  }
  return text.substr(0, text.find_last_not_of('\0') + 1);
}

std::optional<std::int64_t> integer_key(const PickleRef& value) {
  const auto* text = value == nullptr ? nullptr : value->get_if<std::string>();
  if (text == nullptr) return integer_value(value);
  std::int64_t number = 0;
  const auto* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  return error == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

}  // namespace nibble

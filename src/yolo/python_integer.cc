// SPDX-License-Identifier: Apache-2.0
#include "yolo/python_integer.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

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

/// numpy.dtype("i8", False, True), and ">" second in its state where it is big-endian.
struct IntegerType {
  std::size_t bytes = 0;
  bool is_signed = true;
  bool is_big_endian = false;
};
std::optional<IntegerType> integer_type(const PickleRef& value) {
  const auto* object = value == nullptr ? nullptr : value->get_if<PickleObject>();
  const auto* name = object == nullptr || object->arguments.empty() ? nullptr : object->arguments[0]->get_if<std::string>();
  if (name == nullptr || object->type.module != "numpy" || object->type.name != "dtype") return std::nullopt;
  if (name->size() != 2 || ((*name)[0] != 'i' && (*name)[0] != 'u')) return std::nullopt;
  if (std::string_view("1248").find((*name)[1]) == std::string_view::npos) return std::nullopt;
  IntegerType type{static_cast<std::size_t>((*name)[1] - '0'), (*name)[0] == 'i', false};
  const auto* state = object->state == nullptr ? nullptr : object->state->get_if<PickleList>();
  const auto* order = state == nullptr || state->items.size() < 2 ? nullptr : state->items[1]->get_if<std::string>();
  type.is_big_endian = order != nullptr && *order == ">";
  return type;
}

std::optional<std::int64_t> numpy_integer(const PickleObject& object) {
  if (!object.type.module.starts_with("numpy.") || object.type.name != "scalar" || object.arguments.size() != 2) return std::nullopt;
  const auto type = integer_type(object.arguments[0]);
  auto bytes = bytes_of(object.arguments[1]);
  if (!type || !bytes || bytes->size() != type->bytes) return std::nullopt;
  if (!type->is_big_endian) std::reverse(bytes->begin(), bytes->end());
  const bool is_negative = type->is_signed && (static_cast<unsigned char>((*bytes)[0]) & 0x80) != 0;
  if (!type->is_signed && type->bytes == 8 && (static_cast<unsigned char>((*bytes)[0]) & 0x80) != 0) return std::nullopt;
  std::uint64_t number = is_negative ? ~std::uint64_t{0} : 0;
  for (const char byte : *bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(number);
}

}  // namespace

std::optional<std::int64_t> integer_value(const PickleRef& value) {
  if (value == nullptr) return std::nullopt;
  if (const auto* integer = value->get_if<std::int64_t>()) return *integer;
  const auto* object = value->get_if<PickleObject>();
  return object == nullptr ? std::nullopt : numpy_integer(*object);
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

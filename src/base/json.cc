// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/files.h"
#include "base/json_depth.h"
#include "base/json_line.h"
#include "base/yaml_documents.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

// Aliases let a small YAML file describe a huge or endless one.
constexpr std::int64_t kMaxYamlNodes = 1'000'000;

[[noreturn]] void throw_malformed(const std::string& place, const std::string& where, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("malformed file: {}: {}: {}", place, where, why));
}

/// "file.yaml:12:5", as compilers write places and editors open them.
[[noreturn]] void throw_malformed(const fs::path& path, const YAML::Mark& mark, const std::string& why) {
  const auto place = mark.is_null() ? std::string() : fmt::format(":{}:{}", mark.line + 1, mark.column + 1);
  throw Error(ErrorKind::input, fmt::format("malformed file: {}{}: {}", path.string(), place, why));
}

// Scalars are told apart by hand: std::regex goes a level of the stack down for each letter.

constexpr std::string_view kDecimal = "0123456789";

std::string_view without_sign(std::string_view text) { return !text.empty() && (text[0] == '-' || text[0] == '+') ? text.substr(1) : text; }

/// Takes the digits that `text` begins with away from it; says whether there was one.
bool skip_digits(std::string_view& text, std::string_view digits = kDecimal) {
  const auto end = std::min(text.find_first_not_of(digits), text.size());
  text.remove_prefix(end);
  return end > 0;
}

bool is_number_of(std::string_view text, std::string_view digits) { return skip_digits(text, digits) && text.empty(); }

/// Base and sign that from_chars is not told of: [-+]?[0-9]+, 0o[0-7]+, 0x[0-9a-fA-F]+. Base 0: none of them.
std::pair<int, std::size_t> base_of(std::string_view text) {
  if (is_number_of(without_sign(text), kDecimal)) return {10, text[0] == '+' ? 1 : 0};
  if (text.starts_with("0o") && is_number_of(text.substr(2), "01234567")) return {8, 2};
  if (text.starts_with("0x") && is_number_of(text.substr(2), "0123456789abcdefABCDEF")) return {16, 2};
  return {0, 0};
}

std::optional<std::int64_t> integer_of(const std::string& text) {
  const auto [base, skip] = base_of(text);
  if (base == 0) return std::nullopt;
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data() + skip, text.data() + text.size(), value, base);
  if (result.ec != std::errc{}) return std::nullopt;  // too large for 64 bits: a float then
  return value;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?
bool is_finite_float(std::string_view text) {
  text = without_sign(text);
  const bool has_whole = skip_digits(text);
  bool has_part = false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    has_part = skip_digits(text);
  }
  if (!has_whole && !has_part) return false;
  if (text.empty()) return true;
  if (text[0] != 'e' && text[0] != 'E') return false;
  return is_number_of(without_sign(text.substr(1)), kDecimal);
}

std::optional<double> float_of(const std::string& text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto is_one_of = [](std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (is_one_of(without_sign(text), {".inf", ".Inf", ".INF"})) return text[0] == '-' ? -kInfinity : kInfinity;
  if (is_one_of(text, {".nan", ".NaN", ".NAN"})) return std::numeric_limits<double>::quiet_NaN();
  if (!is_finite_float(text)) return std::nullopt;
  double value = 0;
  const auto result = std::from_chars(text.data() + (text[0] == '+' ? 1 : 0), text.data() + text.size(), value);
  if (result.ec != std::errc{}) return std::nullopt;  // beyond a double: the text as it stands, rather than another number
  return value;
}

/// YAML 1.2.2, section 10.3.2 (core schema tag resolution).
Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  if (const auto integer = integer_of(text)) return *integer;
  if (const auto real = float_of(text)) return *real;
  return text;
}

class YamlReader {
 public:
  explicit YamlReader(const fs::path& path) : path_(path) {}

  Json convert(const YAML::Node& node, int depth = 0) {
    if (depth > kMaxJsonDepth || ++nodes_ > kMaxYamlNodes) throw_malformed(path_, node.Mark(), "too deep or too large");
    switch (node.Type()) {
      case YAML::NodeType::Map: return map_of(node, depth);
      case YAML::NodeType::Sequence: return sequence_of(node, depth);
      case YAML::NodeType::Scalar: return scalar_of(node);
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined: break;
    }
    return nullptr;
  }

 private:
  static Json scalar_of(const YAML::Node& node) {
    const bool is_plain = node.Tag() == "?" || node.Tag().empty();
    return is_plain ? plain_scalar(node.Scalar()) : Json(node.Scalar());
  }
  Json sequence_of(const YAML::Node& node, int depth) {
    Json result = Json::array();
    for (const auto& item : node) result.push_back(convert(item, depth + 1));
    return result;
  }
  Json map_of(const YAML::Node& node, int depth) {
    Json result = Json::object();
    std::unordered_set<std::string> keys;
    std::vector<Json::object_t::value_type>& items = result.get_ref<Json::object_t&>();
    for (const auto& entry : node) {
      const YAML::Node& key = entry.first;
      if (!key.IsScalar()) throw_malformed(path_, key.Mark(), "a key must be a scalar");
      if (!keys.insert(key.Scalar()).second) throw_malformed(path_, key.Mark(), fmt::format("key '{}' stands twice", key.Scalar()));
      items.push_back({key.Scalar(), convert(entry.second, depth + 1)});  // not operator[], which looks through all that are there
    }
    return result;
  }

  const fs::path& path_;
  std::int64_t nodes_ = 0;
};

}  // namespace

/// nlohmann's text is "[json.exception...] parse error at line 1, column 2: syntax error ...": only its end says why.
std::string json_reason(const std::string& text) {
  const auto at = text.find("syntax error");
  return at == std::string::npos ? text : text.substr(at);
}

Json parse_json(std::string_view text, const std::string& place) {
  if (is_nested_deeper_than(text, kMaxJsonDepth))
    throw_malformed(place, "content", fmt::format("nested more than {} levels deep", kMaxJsonDepth));
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw_malformed(place, fmt::format("byte {}", error.byte), fmt::format("not JSON: {}", json_reason(error.what())));
  } catch (const Json::exception& error) {
    throw_malformed(place, "content", error.what());
  }
}

Json read_json(const fs::path& path) { return parse_json(read_file(path), path.string()); }

namespace {

/// What to do about a backslash in double quotes, as in "C:\Users\me"; empty for other errors.
std::string escape_advice(const YAML::Exception& error) {
  const std::string_view what = error.msg;
  const bool of_escape = what.starts_with(YAML::ErrorMsg::INVALID_ESCAPE) || what.starts_with(YAML::ErrorMsg::INVALID_HEX);
  return of_escape ? "; a backslash in \"...\" begins an escape: write the path with / or in '...'" : "";
}

}  // namespace

Json read_yaml(const fs::path& path) {
  const std::string text = read_file(path);
  try {
    if (const auto second = second_yaml_document(text))
      throw_malformed(path.string(), *second,
                      "a second document, or something behind the first one that belongs to none; expected one document");
    return YamlReader(path).convert(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    throw_malformed(path, error.mark, fmt::format("not YAML: {}{}", error.msg, escape_advice(error)));
  }
}

namespace {
std::string document_text(const Json& value) { return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }
}  // namespace

void write_json(const fs::path& path, const Json& value) { write_file(path, document_text(value)); }

void write_json_durably(const fs::path& path, const Json& value) {
  write_file_durably(path, [text = document_text(value)](std::ostream& out) { out << text; });
}

std::string key_of(const Json& value) {
  const std::string text = json_line(value);
  return sha256_of(std::as_bytes(std::span(text)));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <limits>
#include <optional>
#include <regex>
#include <unordered_set>
#include <vector>

#include "base/files.h"
#include "base/json_depth.h"
#include "base/json_line.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

// Aliases let a small YAML file describe a huge or endless one.
constexpr std::int64_t kMaxYamlNodes = 1'000'000;

[[noreturn]] void throw_malformed(const fs::path& path, const std::string& where, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("malformed file: {}: {}: {}", path.string(), where, why));
}

/// "file.yaml:12:5", as compilers write places and editors open them.
[[noreturn]] void throw_malformed(const fs::path& path, const YAML::Mark& mark, const std::string& why) {
  const auto place = mark.is_null() ? std::string() : fmt::format(":{}:{}", mark.line + 1, mark.column + 1);
  throw Error(ErrorKind::input, fmt::format("malformed file: {}{}: {}", path.string(), place, why));
}

/// nlohmann's text is "[json.exception...] parse error at line 1, column 2: syntax error ...": only its end says why.
std::string reason_in(const std::string& text) {
  const auto at = text.find("syntax error");
  return at == std::string::npos ? text : text.substr(at);
}

std::optional<std::int64_t> integer_of(const std::string& text) {
  static const std::regex decimal("[-+]?[0-9]+"), octal("0o[0-7]+"), hexadecimal("0x[0-9a-fA-F]+");
  int base = 0;
  std::size_t skip = 0;
  if (std::regex_match(text, decimal)) base = 10, skip = text[0] == '+' ? 1 : 0;
  if (std::regex_match(text, octal)) base = 8, skip = 2;
  if (std::regex_match(text, hexadecimal)) base = 16, skip = 2;
  if (base == 0) return std::nullopt;
  std::int64_t value = 0;
  const auto result = std::from_chars(text.data() + skip, text.data() + text.size(), value, base);
  if (result.ec != std::errc{}) return std::nullopt;  // too large for 64 bits: a float then
  return value;
}

std::optional<double> float_of(const std::string& text) {
  static const std::regex finite(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)");
  static const std::regex infinite(R"([-+]?\.(inf|Inf|INF))"), nan(R"(\.(nan|NaN|NAN))");
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (std::regex_match(text, infinite)) return text[0] == '-' ? -kInfinity : kInfinity;
  if (std::regex_match(text, nan)) return std::numeric_limits<double>::quiet_NaN();
  if (!std::regex_match(text, finite)) return std::nullopt;
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

Json read_json(const fs::path& path) {
  const std::string text = read_file(path);
  if (is_nested_deeper_than(text, kMaxJsonDepth))
    throw_malformed(path, "content", fmt::format("nested more than {} levels deep", kMaxJsonDepth));
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw_malformed(path, fmt::format("byte {}", error.byte), fmt::format("not JSON: {}", reason_in(error.what())));
  } catch (const Json::exception& error) {
    throw_malformed(path, "content", error.what());
  }
}

Json read_yaml(const fs::path& path) {
  const std::string text = read_file(path);
  try {
    const auto documents = YAML::LoadAll(text);
    if (documents.size() > 1)
      throw_malformed(path, "content", fmt::format("{} documents, divided by '---'; expected one", documents.size()));
    return documents.empty() ? Json(nullptr) : YamlReader(path).convert(documents.front());
  } catch (const YAML::Exception& error) {
    throw_malformed(path, error.mark, fmt::format("not YAML: {}", error.msg));
  }
}

void write_json(const fs::path& path, const Json& value) {
  write_file(path, value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

std::string key_of(const Json& value) {
  const std::string text = json_line(value);
  return sha256_of(std::as_bytes(std::span(text)));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "quant/recipe_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

#include "base/json_line.h"
#include "base/suggestion.h"
#include "base/yaml_place.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::int64_t integer_between(const Json& value, const ConfigPlace& place, std::int64_t min, std::int64_t max) {
  if (!value.is_number_integer() || value.get<std::int64_t>() < min || value.get<std::int64_t>() > max)
    throw_bad_value(value, place, min == max ? fmt::format("{}", min) : fmt::format("a whole number from {} to {}", min, max));
  return value.get<std::int64_t>();
}

Json range_schema(const char* type, const Json& min, const Json& max) { return {{"type", type}, {"minimum", min}, {"maximum", max}}; }

Json with_default(Json schema, const Json& value) {
  schema["default"] = value;
  return schema;
}

}  // namespace

ConfigPlace ConfigPlace::child(const std::string& key) const {
  return {source, path.empty() ? key : path + (key.starts_with('[') ? "" : ".") + key, file};
}

std::string ConfigPlace::text() const {
  if (file.empty()) return source;
  const auto place = yaml_place(file, path);
  return source + place.substr(file.string().size());
}

void throw_bad_value(const Json& value, const ConfigPlace& place, const std::string& expected) {
  throw Error(ErrorKind::input, fmt::format("bad setting: {}: {}: {} is not allowed; expected {}", place.text(),
                                            place.path.empty() ? "the whole file" : place.path, json_line(value), expected));
}

void read_fields(const Json& json, const ConfigPlace& place, const FieldTable& table) {
  if (!json.is_object()) throw_bad_value(json, place, "a mapping");
  for (const auto& [key, value] : json.items()) {
    const auto entry = std::find_if(table.begin(), table.end(), [&name = key](const auto& row) { return row.key == name; });
    if (entry == table.end()) {
      NameList known;
      for (const auto& row : table) known.emplace_back(row.key);
      throw Error(ErrorKind::input, fmt::format("unknown setting: {}: {}: no such key; known keys are {}{}", place.child(key).text(),
                                                place.child(key).path, fmt::join(known, ", "), suggestion_for(key, known)));
    }
    entry->reader.read(value, place.child(key));
  }
}

Json schema_of(const FieldTable& table) {
  Json properties = Json::object();
  for (const auto& field : table) {
    Json schema = {{"description", field.meaning}};
    if (field.meaning.empty()) schema = {{"deprecated", true}};
    schema.update(field.reader.schema());
    properties[std::string(field.key)] = schema;
  }
  return {{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
}

FieldReader text_field(std::string& field) {
  const auto read = [&field](const Json& value, const ConfigPlace& place) {
    if (!value.is_string() || value.get<std::string>().empty()) throw_bad_value(value, place, "a text");
    field = value.get<std::string>();
  };
  return {read, [] { return Json{{"type", "string"}, {"minLength", 1}}; }};
}

FieldReader flag_field(bool& field) {
  const auto read = [&field](const Json& value, const ConfigPlace& place) {
    if (!value.is_boolean()) throw_bad_value(value, place, "true or false");
    field = value.get<bool>();
  };
  return {read, [preset = field] { return Json{{"type", "boolean"}, {"default", preset}}; }};
}

FieldReader int_field(int& field, int min, int max) {
  return {[&field, min, max](const Json& value, const ConfigPlace& place) {
            field = static_cast<int>(integer_between(value, place, min, max));
          },
          [min, max, preset = field] { return with_default(range_schema("integer", min, max), preset); }};
}

FieldReader optional_int_field(std::optional<int>& field, int min, int max) {
  return {[&field, min, max](const Json& value, const ConfigPlace& place) {
            field = static_cast<int>(integer_between(value, place, min, max));
          },
          [min, max] { return range_schema("integer", min, max); }};
}

FieldReader count_field(std::int64_t& field, std::int64_t min, std::int64_t max) {
  return {[&field, min, max](const Json& value, const ConfigPlace& place) { field = integer_between(value, place, min, max); },
          [min, max, preset = field] { return with_default(range_schema("integer", min, max), preset); }};
}

FieldReader optional_count_field(std::optional<std::int64_t>& field, std::int64_t min, std::int64_t max) {
  return {[&field, min, max](const Json& value, const ConfigPlace& place) { field = integer_between(value, place, min, max); },
          [min, max] { return range_schema("integer", min, max); }};
}

FieldReader real_field(double& field, double min, double max) {
  return {[&field, min, max](const Json& value, const ConfigPlace& place) {
            // Written so that a NaN is refused too.
            if (!value.is_number() || !(value.get<double>() >= min && value.get<double>() <= max))
              throw_bad_value(value, place, fmt::format("a number from {} to {}", min, max));
            field = value.get<double>();
          },
          [min, max, preset = field] { return with_default(range_schema("number", min, max), preset); }};
}

FieldReader listed_field(int& field, const std::vector<int>& allowed, const std::string& expected) {
  return {[&field, allowed, expected](const Json& value, const ConfigPlace& place) {
            if (std::none_of(allowed.begin(), allowed.end(), [&](int each) { return value == each; }))
              throw_bad_value(value, place, expected);
            field = value.get<int>();
          },
          [allowed, preset = field] {
            return Json{{"enum", allowed}, {"default", preset}};
          }};
}

FieldReader mapping_field(FieldTable table, std::function<void(const Json&, const ConfigPlace&)> check) {
  const auto rows = std::make_shared<const FieldTable>(std::move(table));
  return {[rows, check = std::move(check)](const Json& value, const ConfigPlace& place) {
            read_fields(value, place, *rows);
            if (check) check(value, place);
          },
          [rows] { return schema_of(*rows); }};
}

std::size_t read_choice(const Json& value, const ConfigPlace& place, const NameList& names) {
  const auto name = value.is_string() ? std::find(names.begin(), names.end(), value.get<std::string>()) : names.end();
  if (name == names.end()) throw_bad_value(value, place, fmt::format("one of {}", fmt::join(names, ", ")));
  return static_cast<std::size_t>(name - names.begin());
}

}  // namespace nibble

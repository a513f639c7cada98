// SPDX-License-Identifier: Apache-2.0
#include "quant/recipe_fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "nibble/error.h"

namespace nibble {
namespace {

std::int64_t integer_between(const Json& value, const ConfigPlace& place, std::int64_t min, std::int64_t max) {
  if (!value.is_number_integer() || value.get<std::int64_t>() < min || value.get<std::int64_t>() > max)
    throw_bad_value(value, place, min == max ? fmt::format("{}", min) : fmt::format("a whole number from {} to {}", min, max));
  return value.get<std::int64_t>();
}

}  // namespace

ConfigPlace ConfigPlace::child(const std::string& key) const {
  return {source, path.empty() ? key : path + (key.starts_with('[') ? "" : ".") + key};
}

void throw_bad_value(const Json& value, const ConfigPlace& place, const std::string& expected) {
  throw Error(ErrorKind::input, fmt::format("bad setting: {}: {}: {} is not allowed; expected {}", place.source,
                                            place.path.empty() ? "the whole file" : place.path,
                                            value.dump(-1, ' ', false, Json::error_handler_t::replace), expected));
}

void read_fields(const Json& json, const ConfigPlace& place, const FieldTable& table) {
  if (!json.is_object()) throw_bad_value(json, place, "a mapping");
  for (const auto& [key, value] : json.items()) {
    const auto entry = std::find_if(table.begin(), table.end(), [&name = key](const auto& row) { return row.first == name; });
    if (entry == table.end()) {
      NameList known;
      for (const auto& row : table) known.push_back(row.first);
      throw Error(ErrorKind::input, fmt::format("unknown setting: {}: {}: no such key; known keys are {}", place.source,
                                                place.child(key).path, fmt::join(known, ", ")));
    }
    entry->second(value, place.child(key));
  }
}

FieldReader text_field(std::string& field) {
  return [&field](const Json& value, const ConfigPlace& place) {
    if (!value.is_string() || value.get<std::string>().empty()) throw_bad_value(value, place, "a text");
    field = value.get<std::string>();
  };
}

FieldReader flag_field(bool& field) {
  return [&field](const Json& value, const ConfigPlace& place) {
    if (!value.is_boolean()) throw_bad_value(value, place, "true or false");
    field = value.get<bool>();
  };
}

FieldReader int_field(int& field, int min, int max) {
  return [&field, min, max](const Json& value, const ConfigPlace& place) {
    field = static_cast<int>(integer_between(value, place, min, max));
  };
}

FieldReader optional_int_field(std::optional<int>& field, int min, int max) {
  return [&field, min, max](const Json& value, const ConfigPlace& place) {
    field = static_cast<int>(integer_between(value, place, min, max));
  };
}

FieldReader count_field(std::int64_t& field, std::int64_t min, std::int64_t max) {
  return [&field, min, max](const Json& value, const ConfigPlace& place) { field = integer_between(value, place, min, max); };
}

FieldReader real_field(double& field, double min, double max) {
  return [&field, min, max](const Json& value, const ConfigPlace& place) {
    // Written so that a NaN is refused too.
    if (!value.is_number() || !(value.get<double>() >= min && value.get<double>() <= max))
      throw_bad_value(value, place, fmt::format("a number from {} to {}", min, max));
    field = value.get<double>();
  };
}

std::size_t read_choice(const Json& value, const ConfigPlace& place, const NameList& names) {
  const auto name = value.is_string() ? std::find(names.begin(), names.end(), value.get<std::string>()) : names.end();
  if (name == names.end()) throw_bad_value(value, place, fmt::format("one of {}", fmt::join(names, ", ")));
  return static_cast<std::size_t>(name - names.begin());
}

}  // namespace nibble

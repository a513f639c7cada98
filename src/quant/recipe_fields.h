// SPDX-License-Identifier: Apache-2.0
// Reading one mapping of a configuration file into the fields of a struct: every key stands in a table with its check,
// and a key that stands in no table is an error.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"

namespace nibble {

/// Where a value stands, for messages: "w4a16.yaml: weights.bits".
struct ConfigPlace {
  std::string source;
  std::string path;
  ConfigPlace child(const std::string& key) const;
};

using FieldReader = std::function<void(const Json&, const ConfigPlace&)>;
using FieldTable = std::vector<std::pair<std::string, FieldReader>>;

/// Error(input) for anything but a mapping whose keys all stand in the table, and whatever a field's reader refuses.
void read_fields(const Json& json, const ConfigPlace& place, const FieldTable& table);

/// Readers of one value into `field`. Each refuses, by Error(input), a value of another type, and a number outside min..max.
FieldReader text_field(std::string& field);
FieldReader flag_field(bool& field);
FieldReader int_field(int& field, int min, int max);
FieldReader optional_int_field(std::optional<int>& field, int min, int max);
FieldReader count_field(std::int64_t& field, std::int64_t min, std::int64_t max);
FieldReader real_field(double& field, double min, double max);

/// Error(input): "<source>: <path>: <value> is not allowed; expected <expected>".
[[noreturn]] void throw_bad_value(const Json& value, const ConfigPlace& place, const std::string& expected);

/// Names of an enum, in the order of its values.
using NameList = std::vector<std::string>;
/// The position of a name in `names`. Error(input) listing them for any other value.
std::size_t read_choice(const Json& value, const ConfigPlace& place, const NameList& names);

template <class Enum>
FieldReader choice_field(Enum& field, const NameList& names) {
  return [&field, names](const Json& value, const ConfigPlace& place) { field = static_cast<Enum>(read_choice(value, place, names)); };
}

}  // namespace nibble

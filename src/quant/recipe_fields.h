// SPDX-License-Identifier: Apache-2.0
// Reading one mapping of a configuration file into the fields of a struct: every key stands in a table with its check and its meaning,
// and a key that stands in no table is an error. The same tables give the JSON schema (json-schema.org, draft 2020-12).
#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace nibble {

/// Where a value stands, for messages: "w4a16.yaml:3:9: weights.bits".
struct ConfigPlace {
  std::string source;
  std::string path;
  std::filesystem::path file = {};  ///< the file with line and column of each key; empty: there is none, and `source` is all that is shown
  ConfigPlace child(const std::string& key) const;
  /// `source` with line and column of the key where the file has it.
  std::string text() const;
};

/// How one value is read, and what a schema says of it: `{"type": "integer", "minimum": 2, "maximum": 8, "default": 4}`. The schema is made
/// when it is asked for: reading a file never does.
struct FieldReader {
  std::function<void(const Json&, const ConfigPlace&)> read;
  std::function<Json()> schema;
};
struct Field {
  std::string_view key;  ///< of a literal, as the meaning is
  FieldReader reader;
  std::string_view meaning;  ///< a phrase for the schema; empty: the key is read, and not advertised
};
using FieldTable = std::vector<Field>;

/// Error(input) for anything but a mapping whose keys all stand in the table, and whatever a field's reader refuses.
void read_fields(const Json& json, const ConfigPlace& place, const FieldTable& table);

/// The schema of such a mapping: its keys with their meanings, and no others.
Json schema_of(const FieldTable& table);

/// Readers of one value into `field`. Each refuses, by Error(input), a value of another type, and a number outside min..max. The default in
/// the schema is what the field held when the reader was made; an empty text or optional has none.
FieldReader text_field(std::string& field);
FieldReader flag_field(bool& field);
FieldReader int_field(int& field, int min, int max);
FieldReader optional_int_field(std::optional<int>& field, int min, int max);
FieldReader count_field(std::int64_t& field, std::int64_t min, std::int64_t max);
FieldReader optional_count_field(std::optional<std::int64_t>& field, std::int64_t min, std::int64_t max);
FieldReader real_field(double& field, double min, double max);
/// One of `allowed`; `expected` says so in words.
FieldReader listed_field(int& field, const std::vector<int>& allowed, const std::string& expected);
/// A mapping inside; `check` is called when it was read.
FieldReader mapping_field(FieldTable table, std::function<void(const Json&, const ConfigPlace&)> check = {});

/// Error(input): "<source>: <path>: <value> is not allowed; expected <expected>".
[[noreturn]] void throw_bad_value(const Json& value, const ConfigPlace& place, const std::string& expected);

/// Names of an enum, in the order of its values.
using NameList = std::vector<std::string>;
/// The position of a name in `names`. Error(input) listing them for any other value.
std::size_t read_choice(const Json& value, const ConfigPlace& place, const NameList& names);

/// `names` must live as long as the reader.
template <class Enum>
FieldReader choice_field(Enum& field, const NameList& names) {
  return {[&field, &names](const Json& value, const ConfigPlace& place) { field = static_cast<Enum>(read_choice(value, place, names)); },
          [&names, preset = static_cast<std::size_t>(field)] {
            return Json{{"enum", names}, {"default", names.at(preset)}};
          }};
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Large JSON files that are arrays of flat records (COCO annotations, detections), read as a stream: memory holds one
// record, never the document, and unknown fields of any shape are passed over.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace nibble {

/// One wanted field of the current record.
struct JsonField {
  enum class Kind { missing, null, boolean, integer, real, text, numbers, lists, object, other };
  Kind kind = Kind::missing;
  std::int64_t integer = 0;                ///< boolean (0, 1) and integer
  double real = 0;                         ///< integer and real
  std::string text;                        ///< text
  std::vector<double> numbers;             ///< an array of numbers only
  std::vector<std::vector<double>> lists;  ///< an array of such arrays only
  std::vector<std::string> member_names;   ///< an object, of values that are no objects themselves
  std::vector<JsonField> members;          ///< in the order of their names
};

/// The wanted fields of one record. Every accessor throws Error(input) naming file, place ("annotations[3].bbox"), what
/// was expected and what was found. If a key stands twice the last one counts, as in Python's json.
class JsonRecord {
 public:
  JsonRecord(std::string source, std::string section, std::vector<std::string> keys);

  bool has(std::string_view key) const { return field(key).kind != JsonField::Kind::missing; }
  bool is_text(std::string_view key) const { return field(key).kind == JsonField::Kind::text; }
  bool is_null(std::string_view key) const { return field(key).kind == JsonField::Kind::null; }
  std::int64_t integer(std::string_view key) const;  ///< 3.0 counts as 3
  double number(std::string_view key) const;
  bool flag(std::string_view key) const;  ///< a boolean, or an integer: not 0
  const std::string& text(std::string_view key) const;
  const std::vector<double>& numbers(std::string_view key, std::size_t count) const;
  const std::vector<double>& numbers(std::string_view key) const;  ///< any number of them
  bool is_object(std::string_view key) const { return field(key).kind == JsonField::Kind::object; }
  const std::vector<std::vector<double>>& lists(std::string_view key) const;
  /// Of an object; one of the kind `missing` where it is not there.
  const JsonField& member(std::string_view key, std::string_view name) const;
  /// "annotations[3]", or "[3]" where the file is one array.
  std::string place() const;
  [[noreturn]] void fail(std::string_view key, const std::string& why) const;

 private:
  friend class JsonRecordReader;
  const JsonField& field(std::string_view key) const;
  const JsonField& require(std::string_view key, std::string_view expected) const;
  [[noreturn]] void fail_kind(std::string_view key, std::string_view expected) const;

  std::string source_;
  std::string section_;
  std::vector<std::string> keys_;
  std::vector<JsonField> fields_;
  std::int64_t index_ = -1;
};

/// An array of records: the value of `name` in the root object, or the root itself where `name` is empty.
struct RecordSection {
  std::string name;
  std::vector<std::string> keys;
  std::function<void(const JsonRecord&)> take;
};

/// Error(input) naming file and byte on malformed JSON, and file and section when one is missing, twice there, or not an
/// array of objects.
void read_records(const std::filesystem::path& path, const std::vector<RecordSection>& sections);
/// The same from memory; `source` is the name in messages.
void parse_records(std::string_view json, const std::string& source, const std::vector<RecordSection>& sections);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/json_records.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/json.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using Kind = JsonField::Kind;

std::string_view name_of(Kind kind) {
  static constexpr std::array<std::string_view, 10> kNames = {"nothing",
                                                              "null",
                                                              "a boolean",
                                                              "an integer",
                                                              "a number",
                                                              "text",
                                                              "an array of numbers",
                                                              "an array of arrays",
                                                              "an object",
                                                              "an object or mixed array"};
  return kNames[static_cast<std::size_t>(kind)];
}

[[noreturn]] void fail_file(const std::string& source, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("JSON: {}: {}", source, why));
}

/// Integers that every double between them represents.
constexpr double kExactLimit = 9007199254740992.0;

}  // namespace

JsonRecord::JsonRecord(std::string source, std::string section, std::vector<std::string> keys)
    : source_(std::move(source)), section_(std::move(section)), keys_(std::move(keys)), fields_(keys_.size()) {}

std::string JsonRecord::place() const { return fmt::format("{}[{}]", section_, index_); }

void JsonRecord::fail(std::string_view key, const std::string& why) const {
  throw Error(ErrorKind::input, fmt::format("JSON: {}: {}.{}: {}", source_, place(), key, why));
}

void JsonRecord::fail_kind(std::string_view key, std::string_view expected) const {
  fail(key, fmt::format("expected {}, found {}", expected, name_of(field(key).kind)));
}

const JsonField& JsonRecord::field(std::string_view key) const {
  for (std::size_t i = 0; i < keys_.size(); ++i)
    if (keys_[i] == key) return fields_[i];
  throw Error(ErrorKind::internal, fmt::format("JSON record: key {} was not asked for", key));
}

const JsonField& JsonRecord::require(std::string_view key, std::string_view expected) const {
  const JsonField& found = field(key);
  if (found.kind == Kind::missing) fail(key, fmt::format("the key is missing; {} is required", expected));
  return found;
}

std::int64_t JsonRecord::integer(std::string_view key) const {
  const JsonField& found = require(key, "an integer");
  if (found.kind == Kind::integer) return found.integer;
  const bool is_whole = found.kind == Kind::real && std::abs(found.real) < kExactLimit && std::trunc(found.real) == found.real;
  if (!is_whole) fail_kind(key, "an integer");
  return static_cast<std::int64_t>(found.real);
}

double JsonRecord::number(std::string_view key) const {
  const JsonField& found = require(key, "a number");
  if (found.kind != Kind::integer && found.kind != Kind::real) fail_kind(key, "a number");
  return found.real;
}

bool JsonRecord::flag(std::string_view key) const {
  const JsonField& found = require(key, "0 or 1");
  if (found.kind == Kind::real && (found.real == 0 || found.real == 1)) return found.real == 1;
  if (found.kind != Kind::integer && found.kind != Kind::boolean) fail_kind(key, "0 or 1");
  return found.integer != 0;
}

const std::string& JsonRecord::text(std::string_view key) const {
  const JsonField& found = require(key, "text");
  if (found.kind != Kind::text) fail_kind(key, "text");
  return found.text;
}

const std::vector<double>& JsonRecord::numbers(std::string_view key, std::size_t count) const {
  const JsonField& found = require(key, fmt::format("an array of {} numbers", count));
  if (found.kind != Kind::numbers) fail_kind(key, fmt::format("an array of {} numbers", count));
  if (found.numbers.size() != count) fail(key, fmt::format("expected {} numbers, found {}", count, found.numbers.size()));
  return found.numbers;
}

const std::vector<double>& JsonRecord::numbers(std::string_view key) const {
  const JsonField& found = require(key, "an array of numbers");
  if (found.kind != Kind::numbers) fail_kind(key, "an array of numbers");
  return found.numbers;
}

const std::vector<std::vector<double>>& JsonRecord::lists(std::string_view key) const {
  const JsonField& found = require(key, "an array of arrays of numbers");
  if (found.kind != Kind::lists) fail_kind(key, "an array of arrays of numbers");
  return found.lists;
}

const JsonField& JsonRecord::member(std::string_view key, std::string_view name) const {
  static const JsonField nothing;
  const JsonField& found = require(key, "an object");
  if (found.kind != Kind::object) fail_kind(key, "an object");
  for (std::size_t i = found.members.size(); i-- > 0;)
    if (found.member_names[i] == name) return found.members[i];
  return nothing;
}

/// Receives the parser's events. Depth counts open brackets; records live at depth 2 (root array) or 3 (root object).
class JsonRecordReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  JsonRecordReader(std::string source, const std::vector<RecordSection>& sections) : source_(std::move(source)), sections_(sections) {
    for (const auto& section : sections) records_.emplace_back(source_, section.name, section.keys);
    is_seen_.resize(sections.size());
    root_is_array_ = sections.size() == 1 && sections[0].name.empty();
    record_depth_ = root_is_array_ ? 2 : 3;
  }

  void finish() const {
    for (std::size_t i = 0; i < sections_.size(); ++i)
      if (!is_seen_[i]) fail_file(source_, fmt::format("{}: the key is missing; an array of objects is required", sections_[i].name));
  }

  bool null() override { return scalar(Kind::null, 0, 0); }
  bool boolean(bool value) override { return scalar(Kind::boolean, value, value); }
  bool number_integer(std::int64_t value) override { return scalar(Kind::integer, value, static_cast<double>(value)); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return scalar(Kind::real, 0, static_cast<double>(value));
    return scalar(Kind::integer, static_cast<std::int64_t>(value), static_cast<double>(value));
  }
  bool number_float(double value, const std::string&) override { return scalar(Kind::real, 0, value); }
  bool string(std::string& value) override {
    if (field_ && depth_ == record_depth_) field_->text = std::move(value);
    const bool is_member = field_ && depth_ == record_depth_ + 1 && field_->kind == Kind::object;
    if (is_member) field_->members.back().text = std::move(value);
    return scalar(Kind::text, 0, 0);
  }
  bool binary(nlohmann::json::binary_t&) override { return scalar(Kind::other, 0, 0); }

  bool start_object(std::size_t) override {
    if (depth_ == 0 && root_is_array_) fail_file(source_, "the root is an object; expected an array of objects");
    if (depth_ == 1 && current_ >= 0 && !root_is_array_) fail_section("an object");
    if (depth_ == record_depth_) start_members();
    if (depth_ > record_depth_) nested();
    if (++depth_ == record_depth_ && current_ >= 0) start_record();
    return true;
  }
  bool end_object() override {
    if (depth_-- == record_depth_ && current_ >= 0) {
      sections_[index()].take(record());
      field_ = nullptr;
    }
    return true;
  }
  bool start_array(std::size_t) override {
    if (depth_ == 0) start_root_array();
    if (depth_ == record_depth_ - 1 && current_ >= 0) fail_element("an array");
    if (depth_ == record_depth_) start_numbers();
    if (depth_ == record_depth_ + 1) start_inner_numbers();
    if (depth_ > record_depth_ + 1) nested();
    ++depth_;
    return true;
  }
  bool end_array() override {
    if (--depth_ == 1 && !root_is_array_) current_ = -1;
    return true;
  }
  bool key(std::string& name) override {
    if (depth_ == 1) choose_section(name);
    if (depth_ == record_depth_) choose_field(name);
    if (depth_ == record_depth_ + 1) add_member(name);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception& error) override {
    fail_file(source_, fmt::format("byte {}: not valid JSON: {}", position, json_reason(error.what())));
  }

 private:
  std::size_t index() const { return static_cast<std::size_t>(current_); }
  JsonRecord& record() { return records_[index()]; }

  [[noreturn]] void fail_section(std::string_view found) const {
    fail_file(source_, fmt::format("{}: expected an array of objects, found {}", sections_[index()].name, found));
  }
  [[noreturn]] void fail_element(std::string_view found) {
    ++record().index_;
    fail_file(source_, fmt::format("{}: expected an object, found {}", record().place(), found));
  }
  void start_root_array() {
    if (!root_is_array_) fail_file(source_, "the root is an array; expected an object");
    current_ = 0;
    is_seen_[0] = true;
  }
  void choose_section(const std::string& name) {
    current_ = -1;
    for (std::size_t i = 0; i < sections_.size(); ++i)
      if (sections_[i].name == name) current_ = static_cast<std::int64_t>(i);
    if (current_ < 0) return;
    if (is_seen_[index()]) fail_file(source_, fmt::format("{}: the key stands twice", name));
    is_seen_[index()] = true;
  }
  void start_record() {
    ++record().index_;
    for (auto& field : record().fields_) field.kind = Kind::missing;
    field_ = nullptr;
  }
  void choose_field(const std::string& name) {
    field_ = nullptr;
    if (current_ < 0) return;
    for (std::size_t i = 0; i < record().keys_.size(); ++i)
      if (record().keys_[i] == name) field_ = &record().fields_[i];
  }
  void start_numbers() {
    if (!field_) return;
    field_->kind = Kind::numbers;
    field_->numbers.clear();
  }
  void start_members() {
    if (!field_) return;
    field_->kind = Kind::object;
    field_->members.clear();
    field_->member_names.clear();
  }
  void add_member(const std::string& name) {
    if (!field_ || field_->kind != Kind::object) return;
    field_->member_names.push_back(name);
    field_->members.emplace_back();
  }
  /// An array within the field's array or object.
  void start_inner_numbers() {
    if (!field_) return;
    if (field_->kind == Kind::object) {
      field_->members.back().kind = Kind::numbers;
      return;
    }
    const bool is_first = field_->kind == Kind::numbers && field_->numbers.empty();
    if (is_first) field_->lists.clear();
    if (!is_first && field_->kind != Kind::lists) return nested();
    field_->kind = Kind::lists;
    field_->lists.emplace_back();
  }
  /// Where a number of the open array goes; nullptr where it is no array of numbers.
  std::vector<double>* open_numbers() {
    if (depth_ == record_depth_ + 1 && field_->kind == Kind::numbers) return &field_->numbers;
    if (depth_ != record_depth_ + 2) return nullptr;
    if (field_->kind == Kind::lists) return &field_->lists.back();
    const bool is_member = field_->kind == Kind::object && field_->members.back().kind == Kind::numbers;
    return is_member ? &field_->members.back().numbers : nullptr;
  }
  void nested() {
    if (field_) field_->kind = Kind::other;
  }
  bool scalar(Kind kind, std::int64_t integer, double real) {
    if (depth_ == 0)
      fail_file(source_, fmt::format("the root is {}; expected {}", name_of(kind), root_is_array_ ? "an array" : "an object"));
    if (depth_ == 1 && current_ >= 0 && !root_is_array_) fail_section(name_of(kind));
    if (depth_ == record_depth_ - 1 && current_ >= 0) fail_element(name_of(kind));
    if (!field_) return true;
    if (depth_ == record_depth_)
      set(*field_, kind, integer, real);
    else if (depth_ == record_depth_ + 1 && field_->kind == Kind::object)
      set(field_->members.back(), kind, integer, real);
    else if (auto* const numbers = open_numbers(); numbers && (kind == Kind::integer || kind == Kind::real))
      numbers->push_back(real);
    else
      nested();
    return true;
  }
  static void set(JsonField& field, Kind kind, std::int64_t integer, double real) {
    field.kind = kind;
    field.integer = integer;
    field.real = real;
  }

  std::string source_;
  const std::vector<RecordSection>& sections_;
  std::vector<JsonRecord> records_;  ///< one per section, reused
  std::vector<bool> is_seen_;
  JsonField* field_ = nullptr;  ///< wanted field whose value is being read
  std::int64_t current_ = -1;   ///< section being read
  int depth_ = 0;
  int record_depth_ = 0;
  bool root_is_array_ = false;
};

void parse_records(std::string_view json, const std::string& source, const std::vector<RecordSection>& sections) {
  JsonRecordReader reader(source, sections);
  nlohmann::json::sax_parse(json.begin(), json.end(), &reader);
  reader.finish();
}

void read_records(const std::filesystem::path& path, const std::vector<RecordSection>& sections) {
  parse_records(read_file(path), path.string(), sections);
}

}  // namespace nibble

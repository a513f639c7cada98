// SPDX-License-Identifier: Apache-2.0
#include "base/placed_json.h"

#include <fmt/format.h>

#include "base/json_line.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// The value, or what it is where that would be long.
std::string shown(const Json& value) {
  constexpr std::size_t kLongest = 40;
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  auto text = json_line(value);
  if (text.size() <= kLongest) return text;
  return value.is_string() ? "a long text" : "a long number";
}

/// nlohmann's text is "[json.exception.type_error.302] type must be ...": only its end says why.
std::string short_reason(const std::string& text) {
  const auto end = text.find("] ");
  return text.starts_with('[') && end != std::string::npos ? text.substr(end + 2) : text;
}

}  // namespace

PlacedJson::PlacedJson(Json document, std::string file, std::string advice)
    : file_(std::make_shared<const File>(File{std::move(document), std::move(file), std::move(advice)})), value_(&file_->document) {}

bool PlacedJson::contains(const std::string& key) const { return value_->is_object() && value_->contains(key); }

PlacedJson PlacedJson::at(const std::string& key) const {
  require(value_->is_object(), "an object");
  const auto found = value_->find(key);
  if (found == value_->end()) refuse(fmt::format("has no '{}'", key));
  return {file_, *found, place_.empty() ? key : place_ + "." + key};
}

PlacedJson PlacedJson::at(std::size_t index) const {
  require(value_->is_array(), "a list");
  if (index >= value_->size()) refuse(fmt::format("has {} entries, expected {} or more", value_->size(), index + 1));
  return {file_, (*value_)[index], fmt::format("{}[{}]", place_, index)};
}

std::vector<PlacedJson> PlacedJson::list() const {
  require(value_->is_array(), "a list");
  std::vector<PlacedJson> entries;
  for (std::size_t i = 0; i < value_->size(); ++i) entries.push_back(at(i));
  return entries;
}

std::vector<std::string> PlacedJson::texts() const {
  std::vector<std::string> texts;
  for (const auto& entry : list()) texts.push_back(entry.get<std::string>());
  return texts;
}

std::vector<std::pair<std::string, PlacedJson>> PlacedJson::members() const {
  require(value_->is_object(), "an object");
  std::vector<std::pair<std::string, PlacedJson>> members;
  for (const auto& [key, value] : value_->items())
    members.emplace_back(key, PlacedJson(file_, value, place_.empty() ? key : place_ + "." + key));
  return members;
}

void PlacedJson::refuse(const std::string& why) const {
  std::string text = "malformed file: ";
  for (const auto& part : {file_->name, place_})
    if (!part.empty()) text += part + ": ";
  throw Error(ErrorKind::input, text + why + (file_->advice.empty() ? "" : "; " + file_->advice));
}

void PlacedJson::refuse(const Json::exception& error) const { refuse(short_reason(error.what())); }

void PlacedJson::require(bool holds, const char* wanted) const {
  if (!holds) refuse(fmt::format("expected {}, found {}", wanted, shown(*value_)));
}

}  // namespace nibble

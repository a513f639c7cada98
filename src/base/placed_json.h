// SPDX-License-Identifier: Apache-2.0
// A JSON value that knows the file it stands in and its place there, for files that may be anybody's: whatever is not as it has to be is
// Error(input) naming both, as in "malformed file: run.json: artifacts[3].score.images: expected a whole number, found \"many\"; ...".
#pragma once
#include <concepts>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/json.h"

namespace nibble {

class PlacedJson {
 public:
  /// `advice`: what to do about a file that lacks something; the end of the error's line.
  PlacedJson(Json document, std::string file, std::string advice);
  /// Of no file. Not explicit: a value that was just made is read like one of a file.
  PlacedJson(Json document = nullptr) : PlacedJson(std::move(document), "", "") {}  // NOLINT(google-explicit-constructor)

  const Json& json() const { return *value_; }
  bool is_null() const { return value_->is_null(); }
  bool is_number() const { return value_->is_number(); }
  bool is_string() const { return value_->is_string(); }
  bool is_array() const { return value_->is_array(); }

  /// Whether it is an object that has `key`.
  bool contains(const std::string& key) const;
  /// The value of a key, which has to be there.
  PlacedJson at(const std::string& key) const;
  /// An entry of a list, which has to be there.
  PlacedJson at(std::size_t index) const;
  /// The entries of what has to be a list.
  std::vector<PlacedJson> list() const;
  /// The same of what has to be a list of texts.
  std::vector<std::string> texts() const;
  /// Keys and values, in the order of the file, of what has to be an object.
  std::vector<std::pair<std::string, PlacedJson>> members() const;

  /// The value as a `T`, without loss: a number with a fraction is no whole number, and one that `T` cannot hold is refused.
  template <class T>
  T get() const {
    if constexpr (std::same_as<T, bool>) {
      require(value_->is_boolean(), "true or false");
    } else if constexpr (std::integral<T>) {
      require(value_->is_number_integer(), "a whole number");
      require(fits<T>(),
              std::unsigned_integral<T> && !value_->is_number_unsigned() ? "a whole number from 0 on" : "a whole number nearer to 0");
    } else if constexpr (std::floating_point<T>) {
      require(value_->is_number(), "a number");
    } else if constexpr (std::same_as<T, std::string>) {
      require(value_->is_string(), "a text");
    }
    try {
      return value_->get<T>();
    } catch (const Json::exception& error) {
      refuse(error);
    }
  }
  template <class T>
  requires(!std::is_pointer_v<T> && !std::same_as<T, Json> && !std::same_as<T, char> && !std::same_as<T, std::initializer_list<char>> &&
           !std::same_as<T, std::string_view> && !std::same_as<T, PlacedJson>)
  operator T() const {  // NOLINT(google-explicit-constructor): as of Json
    return get<T>();
  }
  /// `otherwise` where the key is not there.
  template <class T>
  T value(const std::string& key, const T& otherwise) const {
    return contains(key) ? at(key).get<T>() : otherwise;
  }
  std::string value(const std::string& key, const char* otherwise) const { return value(key, std::string(otherwise)); }

  /// Error(input) naming file and place.
  [[noreturn]] void refuse(const std::string& why) const;

 private:
  struct File {
    Json document;
    std::string name, advice;
  };
  PlacedJson(std::shared_ptr<const File> file, const Json& value, std::string place)
      : file_(std::move(file)), value_(&value), place_(std::move(place)) {}
  [[noreturn]] void refuse(const Json::exception& error) const;
  void require(bool holds, const char* wanted) const;
  template <class T>
  bool fits() const {
    return value_->is_number_unsigned() ? std::in_range<T>(value_->get<Json::number_unsigned_t>())
                                        : std::in_range<T>(value_->get<Json::number_integer_t>());
  }

  std::shared_ptr<const File> file_;
  const Json* value_;  ///< inside file_
  std::string place_;  ///< "artifacts[3].score"; empty: the whole document
};

}  // namespace nibble

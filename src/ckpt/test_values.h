// SPDX-License-Identifier: Apache-2.0
// Test support: reading archives and values in one line.
#pragma once
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "ckpt/archive_builder.h"
#include "ckpt/checkpoint.h"
#include "ckpt/pickle.h"
#include "nibble/error.h"

namespace nibble::test {

inline Unpickled unpickle_text(const std::string& bytes, const PickleLimits& limits = {}) {
  return unpickle(std::as_bytes(std::span(bytes)), "test.pkl", limits);
}
/// The value of one piece of code.
inline PickleRef value_of(const Code& code) { return unpickle_text(whole_pickle(code)).root; }

/// Message of the Error that `action` throws; fails the test if it throws none.
template <class Action>
std::string refusal_of(const Action& action, ErrorKind kind = ErrorKind::input) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}
inline std::string refusal_of_pickle(const std::string& bytes, const PickleLimits& limits = {}, ErrorKind kind = ErrorKind::input) {
  return refusal_of([&] { unpickle_text(bytes, limits); }, kind);
}
inline std::string refusal_of_file(const std::string& bytes, ErrorKind kind = ErrorKind::input) {
  return refusal_of([&] { read_checkpoint(bytes, "test.pt"); }, kind);
}

template <class T>
const T& get(const PickleRef& value) {
  if (!value || !value->get_if<T>()) throw std::logic_error("the value is " + describe(value));
  return *value->get_if<T>();
}
template <class T>
std::vector<T> values_of(const Tensor& tensor) {
  const auto values = tensor.as<T>();
  return {values.begin(), values.end()};
}

}  // namespace nibble::test

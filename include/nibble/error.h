// SPDX-License-Identifier: Apache-2.0
// The one exception type of nibble. Every message names the thing, the place and the limit:
// "<what>: <where>: <why>; <what to do>".
#pragma once
#include <stdexcept>
#include <string>

#include "nibble/visibility.h"

namespace nibble {

/// What went wrong, as the exit code of the program (models/README.md, "Exit code 1", says what 1 means).
enum class ErrorKind {
  usage = 2,         ///< the caller asked for something that makes no sense
  input = 3,         ///< a file is missing, truncated, foreign or inconsistent
  unsupported = 4,   ///< understood, but not something nibble does
  environment = 5,   ///< a library, provider, GPU or disk is missing or full
  numeric = 6,       ///< non-finite value, empty range, singular matrix
  internal = 70,     ///< a defect of nibble
  interrupted = 130  ///< Ctrl-C, SIGTERM or SIGHUP
};

class NIBBLE_EXPORT Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }
  int exit_code() const { return static_cast<int>(kind_); }

 private:
  ErrorKind kind_;
};

}  // namespace nibble

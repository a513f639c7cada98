// SPDX-License-Identifier: Apache-2.0
// Numbers that were found but could not be written where they were wanted.
#pragma once
#include <string>

#include "nibble/error.h"
#include "nibble/visibility.h"

namespace nibble {

/// The error of the file that could not be written, with the result as text: it is shown all the same.
class NIBBLE_EXPORT UnwrittenResult : public Error {
 public:
  UnwrittenResult(const Error& reason, std::string result) : Error(reason), result_(std::move(result)) {}
  const std::string& result() const { return result_; }

 private:
  std::string result_;
};

}  // namespace nibble

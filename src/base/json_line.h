// SPDX-License-Identifier: Apache-2.0
// A JSON value as text that can be shown or written, whatever bytes its strings hold.
#pragma once
#include <string>

#include "base/json.h"

namespace nibble {

/// On one line. Bytes that are no UTF-8, which strings of YAML files and file names can hold and dump() throws at, become U+FFFD.
inline std::string json_line(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace nibble

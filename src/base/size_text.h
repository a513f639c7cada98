// SPDX-License-Identifier: Apache-2.0
// Sizes of files and of memory for people to read.
#pragma once
#include <cstdint>
#include <string>

namespace nibble {

/// Decimal units with two digits behind the point from a megabyte on: 9460000 is "9.46 MB", 999 is "999 B".
std::string size_text(std::int64_t bytes);

}  // namespace nibble

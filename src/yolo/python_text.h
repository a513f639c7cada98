// SPDX-License-Identifier: Apache-2.0
// Python's string literals: how names of classes stand in the metadata of a detector.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace nibble {

/// `text` (UTF-8) as Python's repr() prints it (Python 3 library reference, "repr" and "str.isprintable"): in single quotes, unless it
/// holds one and no double quote; \\, \t, \n, \r; control, format, separator, surrogate and private characters as \xNN, \uNNNN or
/// \UNNNNNNNN. Code points that Unicode has not assigned stay as they are, because their number shrinks with every version of it. Bytes
/// that are not UTF-8 are copied.
std::string python_repr(std::string_view text);

/// Reads the literal in single or double quotes that begins at text[at], and moves `at` behind it. Undoes every escape of Python's
/// reference (section 2.4.1) but \N{...}; a backslash before any other character stays. The result is UTF-8; a surrogate, which UTF-8 has
/// no place for, becomes U+FFFD. Empty optional, with `at` anywhere, when there is no literal, it does not end, or an escape is damaged.
std::optional<std::string> read_python_string(std::string_view text, std::size_t& at);

}  // namespace nibble

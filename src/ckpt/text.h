// SPDX-License-Identifier: Apache-2.0
// Text from untrusted bytes: checked, or made fit for a message.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace nibble {

/// In single quotes, ASCII only: other bytes as \xHH, long texts cut after `max_bytes` with "...".
std::string in_quotes(std::string_view text, std::size_t max_bytes = 80);
/// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
/// Appends the UTF-8 form. False, appending nothing, if `code_point` is no Unicode scalar value.
bool append_utf8(std::string& text, char32_t code_point);

/// Python's raw-unicode-escape (protocol 0 strings): Latin-1 bytes, \uXXXX and \UXXXXXXXX. Error(input) on a broken escape.
std::string decode_raw_unicode(std::string_view text);
/// Python 2's repr of a byte string: quotes, \xHH, \n, \t, \r, \\, \', \". Error(input) when it is none.
std::string decode_quoted_bytes(std::string_view text);

}  // namespace nibble

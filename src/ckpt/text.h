// SPDX-License-Identifier: Apache-2.0
// Checks text that comes from untrusted bytes, decodes it, and makes it fit for messages.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace nibble {

/// The text in single quotes and in ASCII only: other bytes are written as \xHH, and a text longer than `max_bytes` is cut there and ends
/// in "...".
std::string in_quotes(std::string_view text, std::size_t max_bytes = 80);
/// Whether the text is UTF-8 after RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
/// Appends the UTF-8 form of `code_point`. Returns false and appends nothing where that is no Unicode scalar value.
bool append_utf8(std::string& text, char32_t code_point);

/// Decodes Python's raw-unicode-escape (strings of protocol 0) to UTF-8: Latin-1 bytes, \uXXXX and \UXXXXXXXX. Error(input) on a broken
/// escape.
std::string decode_raw_unicode(std::string_view text);
/// The bytes that Python 2's repr of a byte string stands for: quotes, \xHH, \n, \t, \r, \\, \', \". Error(input) when it is none.
std::string decode_quoted_bytes(std::string_view text);

}  // namespace nibble

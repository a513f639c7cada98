// SPDX-License-Identifier: Apache-2.0
// Text of untrusted files on its way to a terminal.
#pragma once
#include <string>
#include <string_view>

namespace nibble {

/// The text without what a terminal would obey: control characters (C0 but line break and tab, DEL, C1), marks that change the direction of
/// writing (U+202A to U+202E, U+2066 to U+2069), and bytes that are not UTF-8 become visible. Example: ESC becomes \x1b, U+009B becomes
/// \u009b, a stray byte 9B becomes \x9b. JSON stays JSON: within it, such characters are escaped already or become \u escapes.
std::string printable(std::string_view text);
/// The same as one line: line breaks and tabs become spaces.
std::string printable_line(std::string_view text);

}  // namespace nibble

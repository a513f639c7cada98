// SPDX-License-Identifier: Apache-2.0
// Numbers and strings of a pickle, from their several spellings. Errors carry the reason only.
#pragma once
#include <string_view>

#include "ckpt/pickle_heap.h"

namespace nibble {

/// "12", "-3", and "01" / "00" for True / False when `may_be_boolean` (opcode INT); a trailing L is allowed (opcode LONG).
MutableRef parse_integer(PickleHeap& heap, std::string_view text, bool may_be_boolean);
/// Two's complement, little-endian, any length; beyond 64 bits an object builtins.int("0x...").
MutableRef decode_integer(PickleHeap& heap, std::string_view bytes);
MutableRef parse_float(PickleHeap& heap, std::string_view text);
/// IEEE 754 binary64, big-endian.
double decode_float(std::string_view eight_bytes);

/// str: Error(input) unless UTF-8.
MutableRef make_text(PickleHeap& heap, std::string_view text);
/// An object `type` of builtins with the raw bytes as its argument.
MutableRef make_bytes(PickleHeap& heap, std::string_view bytes, const char* type);
/// Python 2's str: text if it is UTF-8, else bytes.
MutableRef make_text_or_bytes(PickleHeap& heap, std::string_view bytes);

}  // namespace nibble

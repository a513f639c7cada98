// SPDX-License-Identifier: Apache-2.0
// Reads the numbers and strings of a pickle in their several spellings. Errors are Error(input) with the reason only; the caller adds the
// place.
#pragma once
#include <string_view>

#include "ckpt/pickle_heap.h"

namespace nibble {

/// A decimal integer, "12" or "-3", with or without a trailing L (opcode LONG). With `may_be_boolean` (opcode INT) "01" and "00" are True
/// and False.
MutableRef parse_integer(PickleHeap& heap, std::string_view text, bool may_be_boolean);
/// An integer in two's complement, little-endian, of any length. One beyond 64 bits becomes an object builtins.int("0x...").
MutableRef decode_integer(PickleHeap& heap, std::string_view bytes);
MutableRef parse_float(PickleHeap& heap, std::string_view text);
/// A number in IEEE 754 binary64, big-endian.
double decode_float(std::string_view eight_bytes);

/// A string. Error(input) where it is not UTF-8.
MutableRef make_text(PickleHeap& heap, std::string_view text);
/// An object `type` of builtins with the raw bytes as its argument.
MutableRef make_bytes(PickleHeap& heap, std::string_view bytes, const char* type);
/// Python 2's str: a string where it is UTF-8, else bytes.
MutableRef make_text_or_bytes(PickleHeap& heap, std::string_view bytes);

}  // namespace nibble

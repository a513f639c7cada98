// SPDX-License-Identifier: Apache-2.0
// Numbers and texts of a pickle in the forms Python programs leave them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "ckpt/value.h"

namespace nibble {

/// An int, or a NumPy scalar of an integer type (pickled as numpy.core.multiarray.scalar of its dtype and its bytes, which lie
/// little-endian or big-endian as the dtype says). Nothing for anything else and for numbers beyond 64 bits with a sign.
std::optional<std::int64_t> integer_value(const PickleRef& value);
/// A float or int, or a NumPy scalar of an integer type, float32 or float64, which may be NaN or infinite. Nothing for anything else.
std::optional<double> real_value(const PickleRef& value);
/// A str, or a NumPy scalar of text (UTF-32 without the zeros that fill it up). Nothing for anything else.
std::optional<std::string> text_value(const PickleRef& value);
/// An integer as above, and text of decimal digits: keys of a dict that went through JSON or YAML are strings.
std::optional<std::int64_t> integer_key(const PickleRef& value);

}  // namespace nibble

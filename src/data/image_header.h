// SPDX-License-Identifier: Apache-2.0
// How large an image says it is, read from its first bytes: what decoding it would take is known before it is decoded.
#pragma once
#include <optional>
#include <string_view>

#include "nibble/image_size.h"

namespace nibble {

/// Height and width as stored, before any rotation, of JPEG (ITU-T T.81, B.2.2), PNG (IHDR), BMP, WebP (RFC 9649) and TIFF 6.0 (the first
/// image); the largest where a JPEG says several. Nothing for other formats and where the bytes end before the size: decoding then fails
/// by itself. Untrusted bytes: no read goes beyond them, and the time is linear in their number.
std::optional<ImageSize> image_header_size(std::string_view file);

}  // namespace nibble

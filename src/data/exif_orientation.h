// SPDX-License-Identifier: Apache-2.0
// Which way up a picture is, as its file says: the tag Orientation of EXIF (CIPA DC-008 2.32, 4.6.4) and of TIFF 6.0.
#pragma once
#include <string_view>

namespace nibble {

/// 1 to 8 as the tag counts: 1 upright; 2 mirrored left to right; 3 turned by half; 4 mirrored top to bottom; 5 transposed; 6 to be turned
/// clockwise by a quarter; 7 transposed across the other diagonal; 8 to be turned anticlockwise by a quarter. 1 where the file says
/// nothing, or nothing that can be read: a picture is never refused for it.
///
/// Read from JPEG (segment APP1), PNG (chunk eXIf), WebP (chunk EXIF of RIFF) and TIFF (the first directory). Other formats have none.
int exif_orientation(std::string_view file);

}  // namespace nibble

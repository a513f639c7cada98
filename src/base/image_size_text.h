// SPDX-License-Identifier: Apache-2.0
// Image sizes as people and files write them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "nibble/image_size.h"

namespace nibble {

/// "640 x 640"; "384 x 640 (height x width)" where the order matters.
std::string text_of(const ImageSize& size);

/// As options take it: "640", "384,640".
std::string option_text(const ImageSize& size);

/// A number for a square, else [height, width]: `imgsz` in JSON files.
Json to_json(const ImageSize& size);

/// One number (a square) or two (height, width), with commas, blanks or an x between them, in brackets or not: "640", "384,640",
/// "384x640", "384 640", "[384, 640]", as Python writes a tuple of one "(640,)", as arithmetic leaves it "640.0". Empty for anything else
/// and for numbers outside 1 to 16384.
std::optional<ImageSize> parse_image_size(std::string_view text);

}  // namespace nibble

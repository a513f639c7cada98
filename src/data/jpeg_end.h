// SPDX-License-Identifier: Apache-2.0
// A JPEG whose end marker is missing: cut, or only without its last two bytes, as some cameras and downloads leave it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace nibble {

/// Whether this is a JPEG that stops before its end marker. In coded pixels FF is always followed by 0 or a restart marker (ITU-T T.81,
/// B.1.1.5), so that FF D9 behind the header of the scan is the end marker.
bool lacks_jpeg_end(std::string_view file);

/// Whether the decoder can tell if all pixels of such a file are there: every scan is, with all its restart markers, so that nothing but
/// bits at the end of the last one can be missing. Else a decoder would go on without what is missing: with the bits of coefficients that
/// the scans so far told (progressive files), without a component, or at the next restart marker. Sequential and progressive files with
/// Huffman codes (SOF0 to SOF2); false for others.
bool can_tell_missing_pixels(std::string_view jpeg);

/// The file with an end marker, and with bytes `pattern` in front of the marker where that is not 0. Where a decoder makes the same pixels
/// of the file with each of kJpegPatterns as without, it had no need of a bit behind the file's end: whichever code such a bit belonged to,
/// one of the patterns would have made another one of it.
std::string with_jpeg_end(std::string_view jpeg, std::uint8_t pattern);
inline constexpr std::array<std::uint8_t, 8> kJpegPatterns{0x01, 0x24, 0x49, 0x55, 0x92, 0xAA, 0xDB, 0xFE};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Describes an image by 256 bits, so that copies are found by their content, also when they were resized, recompressed or mirrored.
#pragma once
#include <array>
#include <cstdint>

#include "data/image.h"

namespace nibble {

/// Difference hash (Krawetz 2013): luma averaged over 17 x 16 cells of the image without its border; a bit for each pair of
/// neighbours in a row that says whether it gets brighter.
struct Fingerprint {
  std::array<std::uint64_t, 4> bits{};
  std::array<std::uint64_t, 4> mirrored{};  ///< the bits of the image with left and right exchanged
  bool is_grey = false;                     ///< the three colours are equal everywhere, to 2 of 255 on average
  double contrast = 0;                      ///< standard deviation of the luma of the cells, 0..128
};
Fingerprint fingerprint_of(const NetworkImage& image);

/// The number of bits that differ between `a` and `b` or the mirror image of `b`, whichever is nearer; 0..256. Different photographs are
/// about 120 apart.
int distance(const Fingerprint& a, const Fingerprint& b);

/// Images that are at most this far apart are copies of one picture. Measured (docs/experiments/calibration.md): the nearest of 297 606
/// pairs of COCO images are 55 apart; mirrored, recompressed, halved, greyed and faded copies are at most 34 from the original. Cropped and
/// clipped ones may be missed.
inline constexpr int kSamePicture = 40;

}  // namespace nibble

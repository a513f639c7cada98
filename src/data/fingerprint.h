// SPDX-License-Identifier: Apache-2.0
// What an image looks like in 256 bits, so that copies are found by content: resized, recompressed or mirrored ones too.
#pragma once
#include <array>
#include <cstdint>

#include "data/image.h"

namespace nibble {

/// Difference hash (Krawetz 2013): luma averaged over 17 x 16 cells of the image without its border; a bit for each pair of
/// neighbours in a row that says whether it gets brighter.
struct Fingerprint {
  std::array<std::uint64_t, 4> bits{};
  std::array<std::uint64_t, 4> mirrored{};  ///< of the image seen in a mirror
  bool is_grey = false;                     ///< the three colours are equal everywhere, to 2 of 255 on average
  double contrast = 0;                      ///< standard deviation of the luma of the cells, 0..128
};
Fingerprint fingerprint_of(const NetworkImage& image);

/// Differing bits, of the image or its mirror image, whichever is nearer; 0..256. Different photographs are about 120 apart.
int distance(const Fingerprint& a, const Fingerprint& b);

/// At most this: copies of one picture. Measured (docs/results.md): the nearest of 297 606 pairs of COCO images are 55 apart; mirrored,
/// recompressed, halved, greyed and faded copies are at most 34 from the original. Cropped and clipped ones may be missed.
inline constexpr int kSamePicture = 40;

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Masks as COCO keeps them: run lengths, column by column. The arithmetic is that of pycocotools' maskApi, so that overlaps are the same.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace nibble {

/// Lengths of runs of equal pixels, from the top of the first column down and on at the top of the next one; the first run, which may be
/// empty, lies outside the object. Example: 2 x 2 pixels with the lower left one set: {1, 1, 2}.
struct RunLengths {
  std::int64_t height_px = 0, width_px = 0;
  std::vector<std::uint32_t> counts;  ///< their sum is height_px * width_px
};

/// From COCO's compressed text: numbers of 5 bits a character, from the fourth on as differences to the last but one. Error(input) saying
/// why, where the text ends within a number, a run is negative or their sum is not the image.
RunLengths runs_of_text(std::string_view text, std::int64_t height_px, std::int64_t width_px);
/// From the lengths as numbers. Error(input) as above.
RunLengths runs_of_numbers(const std::vector<double>& counts, std::int64_t height_px, std::int64_t width_px);
/// What lies inside of the polygon x1, y1, x2, y2, ...: its outline is drawn on a raster five times as fine, as rleFrPoly does. Points may
/// lie outside of the image. Error(input) for fewer than three points, or points farther away than 2^17 px
/// and twice the image's longer side.
RunLengths runs_of_polygon(std::span<const double> points_px, std::int64_t height_px, std::int64_t width_px);
/// Of rows of pixels, set where they are not 0.
RunLengths runs_of_pixels(std::span<const std::uint8_t> rows, std::int64_t height_px, std::int64_t width_px);

/// What is in any of them; all have one size.
RunLengths united(const std::vector<RunLengths>& masks);
/// Number of pixels that are set.
std::int64_t area_of(const RunLengths& mask);
/// Intersection over union, for a crowd over the area of `found`; 0 where they share nothing. Error(input) for masks of two sizes.
double overlap_of(const RunLengths& found, const RunLengths& truth, bool is_crowd);

}  // namespace nibble

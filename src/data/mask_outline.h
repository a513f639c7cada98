// SPDX-License-Identifier: Apache-2.0
// Masks as polygons.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace nibble {

/// Points x, y of a closed line through the centres of pixels; the last one is joined to the first.
using OutlinePoints = std::vector<std::array<double, 2>>;

/// The outer outlines of the connected parts (8 neighbours) of what is not 0 in `rows` of height_px x width_px bytes, holes filled, without
/// the points within straight pieces: OpenCV's findContours, as Ultralytics' masks2segments calls it.
std::vector<OutlinePoints> outlines_of(std::span<const std::uint8_t> rows, std::int64_t height_px, std::int64_t width_px);

/// One polygon from several: each is joined to the next one by a line there and back between their nearest points, as Ultralytics'
/// merge_multi_segment does it. Of one outline itself, of none nothing.
OutlinePoints joined(const std::vector<OutlinePoints>& outlines);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/fingerprint.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>

namespace nibble {
namespace {

constexpr std::size_t kColumns = 17, kRows = 16;
constexpr double kGrey = 2;

using Cells = std::array<std::array<double, kColumns>, kRows>;

/// Columns or rows of the input that a cell covers; at least one. Edges are rounded, so that the mirror image has the same cells.
struct Span {
  std::size_t from, to;
};
Span cell_span(double start, double extent, std::size_t cell, std::size_t cells, std::size_t limit) {
  const auto place = [&](std::size_t i) { return start + extent * static_cast<double>(i) / static_cast<double>(cells); };
  const auto from = std::min(static_cast<std::size_t>(std::lround(place(cell))), limit - 1);
  const auto to = std::clamp(static_cast<std::size_t>(std::lround(place(cell + 1))), from + 1, limit);
  return {from, to};
}

struct Survey {
  Cells luma{};
  double colour = 0;  ///< mean of |R - G| + |G - B|, halved
};

Survey survey(const NetworkImage& image) {
  const auto size = static_cast<std::size_t>(image.pixels.shape().at(1));
  const auto pixels = image.pixels.as<std::uint8_t>();
  const auto& box = image.letterbox;
  const double width = std::round(static_cast<double>(box.width_px) * box.ratio),
               height = std::round(static_cast<double>(box.height_px) * box.ratio);
  Survey found;
  double colour = 0, count = 0;
  for (std::size_t r = 0; r < kRows; ++r) {
    const auto rows = cell_span(box.pad_y_px, height, r, kRows, size);
    for (std::size_t c = 0; c < kColumns; ++c) {
      const auto columns = cell_span(box.pad_x_px, width, c, kColumns, size);
      double sum = 0;
      for (auto y = rows.from; y < rows.to; ++y)
        for (auto x = columns.from; x < columns.to; ++x) {
          const int red = pixels[y * size + x], green = pixels[(size + y) * size + x], blue = pixels[(2 * size + y) * size + x];
          sum += 0.299 * red + 0.587 * green + 0.114 * blue;
          colour += 0.5 * (std::abs(red - green) + std::abs(green - blue));
        }
      const auto area = static_cast<double>((rows.to - rows.from) * (columns.to - columns.from));
      found.luma[r][c] = sum / area;
      count += area;
    }
  }
  found.colour = colour / count;
  return found;
}

std::array<std::uint64_t, 4> bits_of(const Cells& luma, bool mirrored) {
  std::array<std::uint64_t, 4> bits{};
  for (std::size_t r = 0; r < kRows; ++r)
    for (std::size_t c = 0; c + 1 < kColumns; ++c) {
      const double left = luma[r][mirrored ? kColumns - 1 - c : c], right = luma[r][mirrored ? kColumns - 2 - c : c + 1];
      const auto index = r * (kColumns - 1) + c;
      if (left < right) bits[index / 64] |= std::uint64_t{1} << (index % 64);
    }
  return bits;
}

double spread_of(const Cells& luma) {
  double sum = 0, squares = 0;
  for (const auto& row : luma)
    for (const double value : row) {
      sum += value;
      squares += value * value;
    }
  constexpr double kCount = kRows * kColumns;
  return std::sqrt(std::max(squares / kCount - sum / kCount * (sum / kCount), 0.0));
}

int differing(const std::array<std::uint64_t, 4>& a, const std::array<std::uint64_t, 4>& b) {
  int count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += std::popcount(a[i] ^ b[i]);
  return count;
}

}  // namespace

Fingerprint fingerprint_of(const NetworkImage& image) {
  const auto found = survey(image);
  return {bits_of(found.luma, false), bits_of(found.luma, true), found.colour < kGrey, spread_of(found.luma)};
}

int distance(const Fingerprint& a, const Fingerprint& b) { return std::min(differing(a.bits, b.bits), differing(a.bits, b.mirrored)); }

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/mask_outline.h"

#include <limits>
#include <string>

#include "base/loadable_module.h"
#include "data/image_file.h"
#include "data/image_module.h"
#include "nibble/error.h"

namespace nibble {
namespace {

std::uint8_t* allocate_numbers(void* context, std::size_t bytes) noexcept {
  auto& numbers = *static_cast<std::vector<std::int32_t>*>(context);
  try {
    numbers.resize(bytes / sizeof(std::int32_t));
    return reinterpret_cast<std::uint8_t*>(numbers.data());
  } catch (...) {
    return nullptr;  // the module says so
  }
}

struct Bridge {
  std::size_t from = 0, to = 0;  ///< points of the two outlines
};
Bridge nearest_points(const OutlinePoints& a, const OutlinePoints& b) {
  Bridge best;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < b.size(); ++j) {
      const double dx = a[i][0] - b[j][0], dy = a[i][1] - b[j][1], distance = dx * dx + dy * dy;
      if (distance < least) least = distance, best = {i, j};
    }
  return best;
}

/// The points from `first` to `last`, both included, in the outline's direction: one point where they are the same.
void walk(const OutlinePoints& outline, std::size_t first, std::size_t last, OutlinePoints& result) {
  for (auto i = first; i != last; i = (i + 1) % outline.size()) result.push_back(outline[i]);
  result.push_back(outline[last]);
}

/// All points from `first` on, and `first` again.
void walk_around(const OutlinePoints& outline, std::size_t first, OutlinePoints& result) {
  for (std::size_t i = 0; i <= outline.size(); ++i) result.push_back(outline[(first + i) % outline.size()]);
}

}  // namespace

std::vector<OutlinePoints> outlines_of(std::span<const std::uint8_t> rows, std::int64_t height_px, std::int64_t width_px) {
  static auto* const find = module_function<FindOutlinesFunction>(kImageModule, kFindOutlinesSymbol);
  std::vector<std::int32_t> numbers;
  ModuleReason why{};
  if (find(rows.data(), width_px, height_px, allocate_numbers, &numbers, why.data(), why.size()) != 0)
    throw Error(ErrorKind::internal, std::string("outline of a mask: OpenCV: ") + why.data());
  std::vector<OutlinePoints> outlines;
  for (std::size_t at = 0; at < numbers.size();) {
    auto& outline = outlines.emplace_back(static_cast<std::size_t>(numbers[at++]));
    for (auto& point : outline) {
      point = {static_cast<double>(numbers[at]), static_cast<double>(numbers[at + 1])};
      at += 2;
    }
  }
  return outlines;
}

OutlinePoints joined(const std::vector<OutlinePoints>& outlines) {
  if (outlines.size() < 2) return outlines.empty() ? OutlinePoints{} : outlines.front();
  std::vector<Bridge> bridges;
  for (std::size_t i = 0; i + 1 < outlines.size(); ++i) bridges.push_back(nearest_points(outlines[i], outlines[i + 1]));
  // Forth: the first outline all around, of those between the way from one bridge to the next, the last one all around; then back.
  OutlinePoints result;
  const auto between = [&](std::size_t i) { return Bridge{bridges[i - 1].to, bridges[i].from}; };
  walk_around(outlines.front(), bridges.front().from, result);
  for (std::size_t i = 1; i + 1 < outlines.size(); ++i) walk(outlines[i], between(i).from, between(i).to, result);
  walk_around(outlines.back(), bridges.back().to, result);
  for (auto i = outlines.size() - 2; i > 0; --i) {
    const auto [entry, exit] = between(i);
    if (entry == exit)
      walk_around(outlines[i], exit, result);
    else
      walk(outlines[i], exit, entry, result);
  }
  return result;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/run_lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::input, "mask: " + why); }

/// Room for products of the sides, and for the sum of all runs in 32 bits.
void require_size(std::int64_t height_px, std::int64_t width_px) {
  constexpr std::int64_t kMostPixels = std::int64_t{1} << 31;
  if (height_px < 1 || width_px < 1 || height_px > kMostPixels / width_px)
    refuse(fmt::format("{} x {} pixels: expected a positive width and height", width_px, height_px));
}

class RunChecker {
 public:
  RunChecker(std::int64_t height_px, std::int64_t width_px) : runs_{height_px, width_px, {}} { require_size(height_px, width_px); }
  void add(std::int64_t length) {
    if (length < 0) refuse(fmt::format("run {} has the length {}", runs_.counts.size(), length));
    sum_ += length;
    if (sum_ > runs_.height_px * runs_.width_px) refuse_sum();
    runs_.counts.push_back(static_cast<std::uint32_t>(length));
  }
  RunLengths finish() {
    if (sum_ != runs_.height_px * runs_.width_px) refuse_sum();
    return std::move(runs_);
  }
  const std::vector<std::uint32_t>& counts() const { return runs_.counts; }

 private:
  [[noreturn]] void refuse_sum() const {
    refuse(fmt::format("runs of {} pixels for an image of {} x {}", sum_, runs_.width_px, runs_.height_px));
  }
  RunLengths runs_;
  std::int64_t sum_ = 0;
};

struct RasterPoint {
  std::int64_t x, y;
};

constexpr double kRaster = 5;  // points of the raster for each pixel

/// visit(last, now) for each two points of the raster that follow each other on the lines between the corners.
template <class Visit>
void walk_outline(std::span<const double> points_px, Visit visit) {
  const auto raster = [](double px) { return static_cast<std::int64_t>(kRaster * px + 0.5); };
  std::vector<RasterPoint> corners;
  for (std::size_t i = 0; i + 1 < points_px.size(); i += 2) corners.push_back({raster(points_px[i]), raster(points_px[i + 1])});
  corners.push_back(corners.front());
  RasterPoint last = corners.front();
  for (std::size_t i = 0; i + 1 < corners.size(); ++i) {
    auto from = corners[i], to = corners[i + 1];
    const auto dx = std::abs(to.x - from.x), dy = std::abs(to.y - from.y);
    const bool is_flat = dx >= dy, is_reversed = is_flat ? from.x > to.x : from.y > to.y;
    if (is_reversed) std::swap(from, to);
    const auto steps = std::max(dx, dy);
    const double slope = steps == 0 ? 0 : static_cast<double>(is_flat ? to.y - from.y : to.x - from.x) / static_cast<double>(steps);
    for (std::int64_t k = 0; k <= steps; ++k) {
      const auto t = is_reversed ? steps - k : k;
      const auto across = static_cast<std::int64_t>(static_cast<double>(is_flat ? from.y : from.x) + slope * static_cast<double>(t) + 0.5);
      const auto now = is_flat ? RasterPoint{from.x + t, across} : RasterPoint{across, from.y + t};
      if (i > 0 || k > 0) visit(last, now);
      last = now;
    }
  }
}

/// Sorts the changes; two at one place undo each other and go.
void fold(std::vector<std::int64_t>& changes) {
  std::sort(changes.begin(), changes.end());
  std::size_t kept = 0;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (kept > 0 && changes[kept - 1] == changes[i])
      --kept;
    else
      changes[kept++] = changes[i];
  }
  changes.resize(kept);
}

/// The places in the image, column by column and ascending, at which inside and outside change.
std::vector<std::int64_t> changes_of(std::span<const double> points_px, std::int64_t height_px, std::int64_t width_px) {
  const auto in_pixels = [](std::int64_t raster) { return (static_cast<double>(raster) + 0.5) / kRaster - 0.5; };
  std::vector<std::int64_t> changes;
  std::size_t many = 1 << 20;  // folded before they take much memory: each line across the image changes every column
  walk_outline(points_px, [&](const RasterPoint& last, const RasterPoint& now) {
    if (now.x == last.x) return;
    const double x = in_pixels(now.x < last.x ? now.x : now.x - 1);
    if (std::floor(x) != x || x < 0 || x > static_cast<double>(width_px - 1)) return;
    const double y = std::ceil(std::clamp(in_pixels(std::min(now.y, last.y)), 0.0, static_cast<double>(height_px)));
    changes.push_back(static_cast<std::int64_t>(x) * height_px + static_cast<std::int64_t>(y));
    if (changes.size() < many) return;
    fold(changes);
    many = std::max(many, 2 * changes.size());
  });
  fold(changes);
  return changes;
}

/// Walks over runs in steps within which neither mask changes.
class RunCursor {
 public:
  explicit RunCursor(const RunLengths& mask) : counts_(mask.counts) { skip_empty(); }
  bool is_set() const { return at_ % 2 == 1; }
  bool is_done() const { return at_ >= counts_.size(); }
  std::uint32_t left() const { return counts_[at_] - used_; }
  void advance(std::uint32_t by) {
    used_ += by;
    skip_empty();
  }

 private:
  void skip_empty() {
    while (at_ < counts_.size() && counts_[at_] == used_) {
      ++at_;
      used_ = 0;
    }
  }
  const std::vector<std::uint32_t>& counts_;
  std::size_t at_ = 0;
  std::uint32_t used_ = 0;
};

/// body(length, a is set, b is set) for each step.
template <class Body>
void walk(const RunLengths& a, const RunLengths& b, Body body) {
  if (a.height_px != b.height_px || a.width_px != b.width_px)
    refuse(fmt::format("{} x {} pixels against {} x {}", a.width_px, a.height_px, b.width_px, b.height_px));
  RunCursor first(a), second(b);
  while (!first.is_done() && !second.is_done()) {
    const auto step = std::min(first.left(), second.left());
    body(step, first.is_set(), second.is_set());
    first.advance(step);
    second.advance(step);
  }
}

RunLengths united(const RunLengths& a, const RunLengths& b) {
  RunLengths both{a.height_px, a.width_px, {0}};
  walk(a, b, [&](std::uint32_t step, bool in_a, bool in_b) {
    const bool is_set = in_a || in_b;
    if (is_set != (both.counts.size() % 2 == 0)) both.counts.push_back(0);
    both.counts.back() += step;
  });
  return both;
}

}  // namespace

RunLengths runs_of_text(std::string_view text, std::int64_t height_px, std::int64_t width_px) {
  constexpr int kBits = 5, kMostBits = 40, kMore = 0x20, kNegative = 0x10, kFirst = 48, kLast = 111;
  RunChecker runs(height_px, width_px);
  for (std::size_t at = 0; at < text.size();) {
    std::int64_t number = 0;
    int shift = 0;
    for (bool is_more = true; is_more; ++at) {
      if (at == text.size() || shift >= kMostBits) refuse("the compressed counts end within a number");
      if (text[at] < kFirst || text[at] > kLast) refuse(fmt::format("character {} of the compressed counts is none of theirs", at));
      const int group = text[at] - kFirst;
      number |= static_cast<std::int64_t>(group & (kMore - 1)) << shift;
      shift += kBits;
      is_more = (group & kMore) != 0;
      if (!is_more && (group & kNegative) != 0) number -= std::int64_t{1} << shift;
    }
    const auto& counts = runs.counts();
    runs.add(counts.size() > 2 ? number + counts[counts.size() - 2] : number);
  }
  return runs.finish();
}

RunLengths runs_of_numbers(const std::vector<double>& counts, std::int64_t height_px, std::int64_t width_px) {
  RunChecker runs(height_px, width_px);
  for (const double count : counts) {
    if (!(std::abs(count) < 4294967296.0) || count != std::trunc(count)) refuse(fmt::format("{} is no number of pixels", count));
    runs.add(static_cast<std::int64_t>(count));
  }
  return runs.finish();
}

RunLengths runs_of_polygon(std::span<const double> points_px, std::int64_t height_px, std::int64_t width_px) {
  constexpr double kFarthest = 1 << 17;  // each line of the outline is walked from corner to corner
  const double farthest = std::max(kFarthest, 2.0 * static_cast<double>(std::max(height_px, width_px)));
  require_size(height_px, width_px);
  if (points_px.size() < 6 || points_px.size() % 2 != 0)
    refuse(fmt::format("a polygon of {} numbers; expected x and y of three points or more", points_px.size()));
  for (const double place : points_px)
    if (!(std::abs(place) < farthest)) refuse(fmt::format("a corner at {} px", place));
  RunLengths runs{height_px, width_px, {}};
  std::int64_t last = 0;
  const auto end_run = [&](std::int64_t place) { runs.counts.push_back(static_cast<std::uint32_t>(place - std::exchange(last, place))); };
  for (const auto change : changes_of(points_px, height_px, width_px)) end_run(change);
  if (const auto end = height_px * width_px; last < end || runs.counts.empty()) end_run(end);
  return runs;
}

RunLengths runs_of_pixels(std::span<const std::uint8_t> rows, std::int64_t height_px, std::int64_t width_px) {
  RunLengths runs{height_px, width_px, {0}};
  for (std::int64_t x = 0; x < width_px; ++x)
    for (std::int64_t y = 0; y < height_px; ++y) {
      const bool is_set = rows[static_cast<std::size_t>(y * width_px + x)] != 0;
      if (is_set != (runs.counts.size() % 2 == 0)) runs.counts.push_back(0);
      ++runs.counts.back();
    }
  return runs;
}

RunLengths united(const std::vector<RunLengths>& masks) {
  RunLengths all = masks.at(0);
  for (std::size_t i = 1; i < masks.size(); ++i) all = united(all, masks[i]);
  return all;
}

std::int64_t area_of(const RunLengths& mask) {
  std::int64_t area = 0;
  for (std::size_t i = 1; i < mask.counts.size(); i += 2) area += mask.counts[i];
  return area;
}

double overlap_of(const RunLengths& found, const RunLengths& truth, bool is_crowd) {
  std::int64_t shared = 0, all = 0;
  walk(found, truth, [&](std::uint32_t step, bool in_found, bool in_truth) {
    if (in_found && in_truth) shared += step;
    if (in_found || in_truth) all += step;
  });
  if (shared == 0) return 0;
  return static_cast<double>(shared) / static_cast<double>(is_crowd ? area_of(found) : all);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/oriented_box.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>

#include "eval/detection.h"

namespace nibble {
namespace {

/// [[a, c], [c, b]]
struct Covariance {
  float a, b, c;
};

Covariance covariance_of(const OrientedBox& box) {
  const float along = box.width * box.width / 12, across = box.height * box.height / 12;
  const float cosine = std::cos(box.angle), sine = std::sin(box.angle);
  const float cosine2 = cosine * cosine, sine2 = sine * sine;
  return {along * cosine2 + across * sine2, along * sine2 + across * cosine2, (along - across) * cosine * sine};
}

float determinant_of(const Covariance& m) { return m.a * m.b - m.c * m.c; }

using Point = std::array<double, 2>;

/// Twice the area of the triangle; positive where it turns left.
double turn(const Point& a, const Point& b, const Point& c) { return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]); }

/// Andrew's monotone chain (1979); without points on its sides.
std::vector<Point> convex_hull(std::vector<Point> points) {
  std::sort(points.begin(), points.end());
  points.erase(std::unique(points.begin(), points.end()), points.end());
  if (points.size() < 3) return points;
  std::vector<Point> hull;
  for (int side = 0; side < 2; ++side) {
    const std::size_t first = hull.size();
    for (const auto& point : points) {
      while (hull.size() >= first + 2 && turn(hull[hull.size() - 2], hull.back(), point) <= 0) hull.pop_back();
      hull.push_back(point);
    }
    hull.pop_back();
    std::reverse(points.begin(), points.end());
  }
  return hull;
}

/// Around `points`, with its width along the direction of `angle`.
OrientedBox rectangle_along(const std::vector<Point>& points, double angle, double& area) {
  const double cosine = std::cos(angle), sine = std::sin(angle);
  constexpr double kFar = std::numeric_limits<double>::infinity();
  double left = kFar, right = -kFar, top = kFar, bottom = -kFar;
  for (const auto& [x, y] : points) {
    const double u = x * cosine + y * sine, v = y * cosine - x * sine;
    left = std::min(left, u), right = std::max(right, u), top = std::min(top, v), bottom = std::max(bottom, v);
  }
  area = (right - left) * (bottom - top);
  const double u = (left + right) / 2, v = (top + bottom) / 2;
  return {static_cast<float>(u * cosine - v * sine), static_cast<float>(u * sine + v * cosine), static_cast<float>(right - left),
          static_cast<float>(bottom - top), static_cast<float>(angle)};
}

/// The same box with its longer side as width and an angle in [-pi/4, 3 pi/4).
OrientedBox regular(OrientedBox box) {
  double angle = box.angle;
  if (box.width < box.height) {
    std::swap(box.width, box.height);
    angle += std::numbers::pi / 2;
  }
  while (angle >= 3 * std::numbers::pi / 4) angle -= std::numbers::pi;
  while (angle < -std::numbers::pi / 4) angle += std::numbers::pi;
  box.angle = static_cast<float>(angle);
  return box;
}

}  // namespace

float probabilistic_overlap(const OrientedBox& first, const OrientedBox& second) {
  constexpr float kEpsilon = 1e-7F;
  const Covariance p = covariance_of(first), q = covariance_of(second);
  const float a = p.a + q.a, b = p.b + q.b, c = p.c + q.c;
  const float dx = first.x - second.x, dy = first.y - second.y;
  const float determinant = a * b - c * c;
  const float t1 = ((a * (dy * dy) + b * (dx * dx)) / (determinant + kEpsilon)) * 0.25F;
  const float t2 = ((c * (second.x - first.x) * dy) / (determinant + kEpsilon)) * 0.5F;
  const float own = std::max(determinant_of(p), 0.0F) * std::max(determinant_of(q), 0.0F);
  const float t3 = std::log(determinant / (4 * std::sqrt(own) + kEpsilon) + kEpsilon) * 0.5F;
  const float bhattacharyya = std::clamp(t1 + t2 + t3, kEpsilon, 100.0F);
  return 1.0F - std::sqrt(1.0F - std::exp(-bhattacharyya) + kEpsilon);
}

std::vector<std::size_t> suppress_oriented(const std::vector<OrientedBox>& boxes, const std::vector<float>& scores,
                                           const std::vector<std::int32_t>& classes, double iou, std::size_t limit) {
  std::vector<std::size_t> kept;
  std::map<std::int32_t, std::vector<std::size_t>> better;
  for (const auto i : by_descending_score(scores)) {
    if (kept.size() >= limit) break;
    auto& rivals = better[classes[i]];
    const bool overlaps = std::any_of(rivals.begin(), rivals.end(), [&](std::size_t rival) {
      return static_cast<double>(probabilistic_overlap(boxes[rival], boxes[i])) > iou;
    });
    rivals.push_back(i);
    if (!overlaps) kept.push_back(i);
  }
  return kept;
}

OrientedBox smallest_rectangle(const std::vector<std::array<double, 2>>& points) {
  if (points.empty()) return {};
  const auto hull = convex_hull(points);
  OrientedBox smallest{static_cast<float>(hull.front()[0]), static_cast<float>(hull.front()[1]), 0, 0, 0};
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; hull.size() > 1 && i < hull.size(); ++i) {
    const auto& from = hull[i];
    const auto& to = hull[(i + 1) % hull.size()];
    double area = 0;
    const auto around = rectangle_along(hull, std::atan2(to[1] - from[1], to[0] - from[0]), area);
    if (area >= least) continue;
    least = area;
    smallest = around;
  }
  return regular(smallest);
}

std::array<std::array<double, 2>, 4> corners_of(const OrientedBox& box) {
  const double cosine = std::cos(static_cast<double>(box.angle)), sine = std::sin(static_cast<double>(box.angle));
  const Point along{box.width / 2.0 * cosine, box.width / 2.0 * sine}, across{-box.height / 2.0 * sine, box.height / 2.0 * cosine};
  const auto corner = [&](double a, double b) { return Point{box.x + a * along[0] + b * across[0], box.y + a * along[1] + b * across[1]}; };
  return {corner(1, 1), corner(1, -1), corner(-1, -1), corner(-1, 1)};
}

std::array<double, 4> upright_box(const OrientedBox& box) {
  const auto corners = corners_of(box);
  auto low = corners[0], high = corners[0];
  for (const auto& corner : corners)
    for (std::size_t axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], corner[axis]);
      high[axis] = std::max(high[axis], corner[axis]);
    }
  return {low[0], low[1], high[0] - low[0], high[1] - low[1]};
}

}  // namespace nibble

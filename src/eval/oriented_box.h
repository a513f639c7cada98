// SPDX-License-Identifier: Apache-2.0
// Boxes that are turned about their centre, and how far two of them overlap.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace nibble {

struct OrientedBox {
  float x = 0, y = 0;           ///< of the centre, px
  float width = 0, height = 0;  ///< px
  float angle = 0;              ///< radians, by which `width` is turned clockwise (y points down) from the x axis
};

/// Two boxes as the normal distributions with their centres and the covariances of points spread evenly over them: 1 minus the Hellinger
/// distance, 0..1 (Murrugarra-Llerena et al. 2021, "Gaussian Bounding Boxes and Probabilistic Intersection-over-Union", arXiv:2106.06072,
/// eq. 4-7), with the arithmetic of ultralytics.utils.metrics.batch_probiou: f32, and 1e-7 added to every divisor.
float probabilistic_overlap(const OrientedBox& a, const OrientedBox& b);

/// Greedy suppression as Ultralytics does it for oriented boxes (TorchNMS.fast_nms): a box goes where a better one of its class overlaps
/// it by more than `iou`, even one that goes itself. Returns the indices of those that stay, best score first (of equal scores the lower
/// index first), at most `limit`.
std::vector<std::size_t> suppress_oriented(const std::vector<OrientedBox>& boxes, const std::vector<float>& scores,
                                           const std::vector<std::int32_t>& classes, double iou, std::size_t limit);

/// The rectangle of the smallest area around all points, one side of which lies along a side of their convex hull (Freeman and Shapira
/// 1975); the width is its longer side, the angle in [-pi/4, 3 pi/4), as ultralytics.utils.ops.xyxyxyxy2xywhr gives it. Of one point a box
/// without extent.
OrientedBox smallest_rectangle(const std::vector<std::array<double, 2>>& points);

/// The corners, in order around the box: as ultralytics.utils.ops.xywhr2xyxyxyxy.
std::array<std::array<double, 2>, 4> corners_of(const OrientedBox& box);

/// The upright box around it: x, y, width, height.
std::array<double, 4> upright_box(const OrientedBox& box);

}  // namespace nibble

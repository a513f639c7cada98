// SPDX-License-Identifier: Apache-2.0
// Which layers get more bits when not all can: the least predicted damage under a budget.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nibble {

/// A layer that may have `low` or `high` bits. Damage is the head's divergence with this layer alone quantised; damages of
/// layers are taken to add up.
struct BitChoice {
  std::int64_t weights = 0;
  int low_bits = 4, high_bits = 8;
  double low_damage = 0, high_damage = 0;
};

/// A point of the front: the first `raised` layers of BitFront::order have high bits.
struct BitFrontPoint {
  std::size_t raised = 0;
  double average_bits = 0;  ///< over all weights of all choices
  double damage = 0;        ///< sum over layers
};

/// Layers in the order in which raising them pays, damage saved per bit of file; points[k] has the first k raised. Layers that
/// do not gain from more bits are never raised. Between two points no choice of layers is better than the line between them.
struct BitFront {
  std::vector<std::size_t> order;  ///< indices into the choices
  std::vector<BitFrontPoint> points;
};
BitFront bit_front(const std::vector<BitChoice>& choices);

/// true: high bits. Layers of the front in order as long as the average stays at or below `average_bits`; one that no longer
/// fits is passed over for later ones that do. Error(input) when even all low bits are above it.
std::vector<bool> choose_bits(const std::vector<BitChoice>& choices, double average_bits);

}  // namespace nibble

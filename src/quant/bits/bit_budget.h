// SPDX-License-Identifier: Apache-2.0
// Which layers get more bits when not all can: the least predicted damage under a budget.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace nibble {

/// A layer that may have `low` or `high` bits. Damage is the head's divergence with this layer alone quantised; damages of
/// layers are taken to add up.
struct BitChoice {
  std::int64_t weights = 0;
  int low_bits = 4, high_bits = 8;
  double low_damage = 0, high_damage = 0;
};

/// A choice of bits. On the front the first `raised` layers of BitFront::order have high bits.
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

/// By choice; true: high bits.
using RaisedLayers = std::vector<bool>;

/// Layers of the front in order, each raised where `fits` allows it with those raised so far; one that does not fit is passed over for
/// later ones that do. `fits` is not asked about no raised layer at all.
RaisedLayers choose_bits(const std::vector<BitChoice>& choices, const std::function<bool(const RaisedLayers&)>& fits);

/// As long as the average stays at or below `average_bits`. Error(input) when even all low bits are above it.
RaisedLayers choose_bits(const std::vector<BitChoice>& choices, double average_bits);

/// Where a choice stands; `raised` counts its layers, which need not be the first ones of the front.
BitFrontPoint point_of(const std::vector<BitChoice>& choices, const RaisedLayers& raised);

/// What choose_bits gives for averages `step` bits apart, from all low bits to all that gain, each choice once.
std::vector<RaisedLayers> bit_steps(const std::vector<BitChoice>& choices, double step);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Which layers get more bits where a budget does not allow all of them to: those that give the least predicted damage.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace nibble {

/// A layer whose weights may get few or many bits. Its damage is the divergence of the detection head when this layer alone is quantised
/// (sensitivity.h); the damages of several layers are assumed to add up.
struct BitChoice {
  std::int64_t weights = 0;                ///< how many weights the layer has
  int low_bits = 4, high_bits = 8;         ///< bits of a weight before and after the layer is raised
  double low_damage = 0, high_damage = 0;  ///< with these bits; 0 or more
};

/// What a choice of bits for all layers amounts to. On the front, the first `raised` layers of BitFront::order have high bits.
struct BitFrontPoint {
  std::size_t raised = 0;   ///< how many layers have high bits
  double average_bits = 0;  ///< bits per weight, averaged over all weights of all layers
  double damage = 0;        ///< sum of the layers' damages
};

/// The layers in the order in which raising them pays most: by the damage saved per bit that is added to the file. points[k] is the choice
/// with the first k of them raised. Layers that do not gain from more bits are not in `order`. Between two points no choice of layers
/// lies below the line that joins them.
struct BitFront {
  std::vector<std::size_t> order;     ///< indices into the choices
  std::vector<BitFrontPoint> points;  ///< one more than `order` has entries
};
BitFront bit_front(const std::vector<BitChoice>& choices);

/// One entry for each BitChoice, in the same order: true where the layer gets its high bits, false where it gets its low bits.
using RaisedLayers = std::vector<bool>;

/// Goes through the layers in the front's order and raises each one for which `fits` is true together with those raised so far. A layer
/// that does not fit is passed over, and later ones are still tried. `fits` is not asked about the choice without any raised layer.
RaisedLayers choose_bits(const std::vector<BitChoice>& choices, const std::function<bool(const RaisedLayers&)>& fits);

/// The same with the budget that the average stays at or below `average_bits`. Error(input) where all layers at low bits are above it
/// already.
RaisedLayers choose_bits(const std::vector<BitChoice>& choices, double average_bits);

/// Average and damage of a choice. Its raised layers need not be the first ones of the front; the result's `raised` is their number.
BitFrontPoint point_of(const std::vector<BitChoice>& choices, const RaisedLayers& raised);

/// The choices that choose_bits makes for averages `step` bits apart, from all layers low to all layers raised that gain from it. Equal
/// choices come once.
std::vector<RaisedLayers> bit_steps(const std::vector<BitChoice>& choices, double step);

}  // namespace nibble

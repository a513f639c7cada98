// SPDX-License-Identifier: Apache-2.0
// Chooses the output positions of a convolution at which its inputs are sampled.
#pragma once
#include <ATen/ATen.h>

#include <cstdint>
#include <random>
#include <vector>

namespace nibble {

/// How many output positions are looked at in a batch of `count` images out of `images`: their share of what is enough for the Hessian of
/// a weight [O,I/groups,kh,kw] to have full rank, is affordable for all layers, and is no more of an image than says something new.
/// Rounded up. A short last batch gets less than a full one, so that every image counts alike.
std::int64_t samples_of_batch(const std::vector<std::int64_t>& weight_shape, std::int64_t images, std::int64_t count);

/// `count` numbers of 0..available - 1, ascending: one from each of `count` equal parts. Where `available` is smaller, all of them.
std::vector<std::int64_t> uniform_positions(std::int64_t available, std::int64_t count, std::mt19937_64& random);

/// `count` indices into the flattened `weights` (0 or more), or as many as there are weights where that is less, ascending. They are taken
/// in equal steps through the running sum, so that an index comes as often as its weight demands, several times if need be. Where all
/// weights are 0, they count as equal.
std::vector<std::int64_t> weighted_positions(const at::Tensor& weights, std::int64_t count);

/// How much of the drawing may follow weights of mean 1 and mean square `mean_square`, the rest being even, so that what is drawn still
/// says enough about each of a layer's `columns` (inputs of a kernel): 0..1. Of `positions` in all, drawing with weights w is worth (sum
/// w)^2 / sum w^2 different ones (Kish 1965, effective sample size), here positions / (1 + importance^2 (mean_square - 1)), and
/// kEffectiveOfAColumn for each column are wanted. Few images with few objects leave little to follow: the same positions would be drawn
/// again and again, and the Hessian would fit them alone.
double affordable_importance(double mean_square, double positions, std::int64_t columns);

}  // namespace nibble

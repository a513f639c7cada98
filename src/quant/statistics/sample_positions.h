// SPDX-License-Identifier: Apache-2.0
// At which of a convolution's output positions its input is looked at.
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

/// `count` (at most `available`) of 0..available - 1, ascending: one from each of as many equal parts.
std::vector<std::int64_t> uniform_positions(std::int64_t available, std::int64_t count, std::mt19937_64& random);

/// `count` (at most as many as there are) indices into the flattened `weights` (>= 0), ascending: in equal steps through their running sum,
/// so that a position comes as often as its weight says, several times if need be. Where all weights are 0, all are taken to be equal.
std::vector<std::int64_t> weighted_positions(const at::Tensor& weights, std::int64_t count);

}  // namespace nibble

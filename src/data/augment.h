// SPDX-License-Identifier: Apache-2.0
// What is done to a training image, as numbers: drawn here from a key, applied by training_sample.h.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace nibble {

/// Strengths; the defaults are Ultralytics'. All 0: every image as the evaluation sees it.
struct AugmentOptions {
  double mosaic = 1;        ///< probability that a sample is four images joined at a point; 0 to 1
  double flip = 0.5;        ///< probability of left and right exchanged; 0 to 1
  double scale = 0.5;       ///< size times 1 - scale to 1 + scale; 0 to below 1
  double translate = 0.1;   ///< the centre moves by up to this part of the side, either way; 0 to 1
  double hue = 0.015;       ///< turned by up to this part of the circle, either way; 0 to 1
  double saturation = 0.7;  ///< times 1 - saturation to 1 + saturation; 0 to 1
  double brightness = 0.4;  ///< times 1 - brightness to 1 + brightness; 0 to 1
};
constexpr AugmentOptions no_augmentation() { return {0, 0, 0, 0, 0, 0, 0}; }

struct ColourJitter {
  double hue = 0;         ///< added, in circles
  double saturation = 0;  ///< x (1 + saturation)
  double brightness = 0;  ///< x (1 + brightness)
  bool operator==(const ColourJitter&) const = default;
};

/// One sample, in full: the same plan gives the same pixels.
struct SamplePlan {
  std::vector<std::int64_t> images;  ///< one, or four: top left, top right, bottom left, bottom right
  std::array<double, 2> join{1,
                             1};  ///< four only: where they meet, x and y in widths and heights of the output, 0.5 to 1.5 of a canvas of 2
  double scale = 1;
  std::array<double, 2> centre{0.5, 0.5};  ///< where the middle of the image or canvas goes, in widths and heights of the output
  bool flip = false;
  ColourJitter colour{};
  bool operator==(const SamplePlan&) const = default;
};

/// Depends on nothing but its arguments. `index` is the sample's image of `images`; partners of a mosaic are drawn from all.
/// Error(usage) naming the option that is out of range.
SamplePlan draw_sample(const AugmentOptions& options, std::int64_t images, std::uint64_t seed, std::int64_t epoch, std::int64_t index);

/// The order of an epoch: 0 .. images - 1, shuffled.
std::vector<std::int64_t> draw_order(std::int64_t images, std::uint64_t seed, std::int64_t epoch);

}  // namespace nibble

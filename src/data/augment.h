// SPDX-License-Identifier: Apache-2.0
// What is done to a training image, as numbers. They are drawn here from a key and applied by training_sample.h.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

namespace nibble {

/// Strengths of the changes; the defaults are those of Ultralytics. With all at 0 an image is as the evaluation sees it.
struct AugmentOptions {
  double mosaic = 1;        ///< probability that a sample is four images joined at a point; 0 to 1
  double flip = 0.5;        ///< probability that left and right are exchanged; 0 to 1
  double scale = 0.5;       ///< the size is multiplied by 1 - scale to 1 + scale; 0 to below 1
  double translate = 0.1;   ///< the centre moves by up to this part of the side, either way; 0 to 1
  double hue = 0.015;       ///< hues turn by up to this part of the circle, either way; 0 to 1
  double saturation = 0.7;  ///< saturation is multiplied by 1 - this to 1 + this; 0 to 1
  double brightness = 0.4;  ///< brightness is multiplied by 1 - this to 1 + this; 0 to 1
};
constexpr AugmentOptions no_augmentation() { return {0, 0, 0, 0, 0, 0, 0}; }

struct ColourJitter {
  double hue = 0;         ///< added to the hue, in full circles
  double saturation = 0;  ///< saturation is multiplied by 1 + this
  double brightness = 0;  ///< brightness is multiplied by 1 + this
  bool operator==(const ColourJitter&) const = default;
};

/// Everything that makes a training sample: the same plan gives the same pixels.
struct SamplePlan {
  std::vector<std::int64_t> images;  ///< one, or four: top left, top right, bottom left, bottom right
  /// With four images: where they meet on a canvas of two widths and two heights of the output; x and y, 0.5 to 1.5 of them.
  std::array<double, 2> join{1, 1};
  double scale = 1;                        ///< by which the image or canvas is enlarged
  std::array<double, 2> centre{0.5, 0.5};  ///< where the middle of the image or canvas goes, in widths and heights of the output
  bool flip = false;                       ///< whether left and right are exchanged
  ColourJitter colour{};
  bool operator==(const SamplePlan&) const = default;
};

/// Draws a plan that depends on nothing but the arguments. `index` is the sample's image, of `images` in all; the partners of a mosaic are
/// drawn from all of them. Error(usage) naming the option that is out of range.
SamplePlan draw_sample(const AugmentOptions& options, std::int64_t images, std::uint64_t seed, std::int64_t epoch, std::int64_t index);

/// The order of an epoch: 0 .. images - 1, shuffled.
std::vector<std::int64_t> draw_order(std::int64_t images, std::uint64_t seed, std::int64_t epoch);

}  // namespace nibble

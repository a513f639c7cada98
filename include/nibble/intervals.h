// SPDX-License-Identifier: Apache-2.0
// How sure a number measured on some images is: bootstrap over images.
//
// The n scored images are taken for a random sample of all images there are. n images are drawn from them with replacement, each drawn
// image with all its objects and detections and as often as it was drawn, and every number is computed again; this is done many times. In a
// resample an image that was drawn k times counts as k images; average precision is COCO's, a mean over the classes that have an object in
// it. For the difference of two files each resample draws the same images for both (paired), so that what makes an image hard for both
// cancels.
//
// The 95 % interval is the bias-corrected percentile interval (Efron 1981, Nonparametric standard errors and confidence intervals; Efron
// and Tibshirani, An Introduction to the Bootstrap, 1993, section 14.3 with acceleration 0): with z0 the normal quantile of the share of
// resamples below the number itself (equal ones count half), it goes from percentile F(2 z0 - 1.96) to F(2 z0 + 1.96) of the numbers found,
// F the normal distribution; between two numbers a percentile is interpolated linearly. Where resamples lie as often below as above, these
// are the 2.5th and the 97.5th. The correction is needed because average precision of few images is too high, and that of resamples more
// so.
//
// What is not in it: the interval knows the scored images only. Images of another kind, and images that calibration or training has seen,
// can lie outside. With fewer than some 50 images, or classes that few images hold, it is too narrow.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace nibble {

/// Both ends included; of 95 % confidence.
struct Interval {
  double low = 0;
  double high = 0;
  bool holds(double value) const { return value >= low && value <= high; }
};

/// A number of a file against the same number of the baseline, on the same images.
struct MetricChange {
  double difference = 0;                        ///< The file's minus the baseline's.
  std::optional<Interval> interval = {};        ///< Of the difference.
  std::optional<double> ratio = {};             ///< The file's over the baseline's, where that is above 0.
  std::optional<Interval> ratio_interval = {};  ///< Of the ratio.
};

/// By the names of metrics.json, "mAP_50_95" and so on. A number that is undefined, or for which most resamples hold no object, has none.
using MetricIntervals = std::map<std::string, Interval>;
using MetricChanges = std::map<std::string, MetricChange>;

/// Resamples where nothing else is asked for: the ends of an interval then move by about a thirtieth of its width with the seed.
inline constexpr std::int64_t kDefaultResamples = 1000;

}  // namespace nibble

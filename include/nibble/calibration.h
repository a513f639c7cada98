// SPDX-License-Identifier: Apache-2.0
// Whether images are fit for calibration: copies, copies of scored images, unreadable ones, and how many are enough.
#pragma once
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nibble/image_size.h"
#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/visibility.h"

namespace nibble {

/// Sampling error of the second moments that is taken as enough: below it, doubling the images lowers it by less than 0.03.
inline constexpr double kEnough = 0.1;
/// Images with a side below so many pixels are small: a 640 px letterbox enlarges them fourfold.
inline constexpr std::int64_t kSmallSidePx = 160;

/// What calibration would know from so many images. Over the network's convolutions: the median, and the value that a tenth of them
/// exceeds.
struct ConvergenceRow {
  std::int64_t images = 0;
  double median_error = 0, worst_error = 0;  ///< Relative standard error of the second moments that GPTQ weighs its errors by.
  double median_range = 0, worst_range = 0;  ///< The largest magnitude of so many images, as a share of that of all; 0..1.
};
struct Convergence {
  std::int64_t images = 0;           ///< That were measured.
  std::int64_t layers = 0;           ///< Convolutions whose inputs were measured.
  std::vector<ConvergenceRow> rows;  ///< For 8, 16, 32, ... 1024 images.
  std::int64_t recommended = 0;      ///< Images of the first row whose worst_error is at most kEnough; 0: none is.

  /// The worst_error of any number of images: it falls with the root of their number.
  double worst_error_of(std::int64_t n) const {
    return rows.at(0).worst_error * std::sqrt(static_cast<double>(rows.at(0).images) / static_cast<double>(n));
  }
};

/// What the float network sees on calibration images: its detections with a score of at least 0.25.
struct ShownClass {
  std::string name;          ///< The class number where the network does not name its classes.
  std::int64_t objects = 0;  ///< Of this class.
  std::int64_t images = 0;   ///< With at least one of them.
};
struct ShownObjects {
  std::int64_t images = 0;          ///< That were looked at: 32 of the calibration images at most, evenly spread.
  std::int64_t without_object = 0;  ///< Images of these with no object.
  std::int64_t objects = 0;         ///< On all of them.
  std::int64_t network_classes = 0;
  std::vector<ShownClass> classes;  ///< Those that were seen, the one with most objects first.
};

struct CalibrationCheckOptions {
  std::filesystem::path calibration;               ///< A folder, a list of paths or a data.yaml.
  std::optional<std::int64_t> calibration_images;  ///< At most so many of them; empty: 100.
  std::filesystem::path images;                    ///< What will be scored, a folder or a list; empty: no comparison with it.
  std::filesystem::path model;  ///< Float ONNX file or checkpoint whose statistics are measured; empty: the embedded one.
  std::optional<ImageSize>
      image_size;           ///< Of the network; empty: what a checkpoint was trained at (else 640), the file's own of an ONNX file.
  std::string on_bad_data;  ///< "stop": files that cannot be read are an error; else they are rows of the answer.
  RuntimeOptions runtime;
};

struct UnreadableImage {
  std::filesystem::path file;
  std::string problem;
};
/// Two files that show the same picture, perhaps resized, recompressed or mirrored.
struct ImageCopy {
  std::filesystem::path file;  ///< A calibration image.
  std::filesystem::path of;    ///< Another calibration image, or a scored one.
  int distance = 0;            ///< Differing bits of their fingerprints, of 256; different photographs are about 120 apart.
};
struct CalibrationCheck {
  std::string source;                        ///< Where the calibration images come from, as given.
  std::string scored_source;                 ///< Where the scored images come from; empty: they were not looked at.
  std::int64_t images = 0;                   ///< Calibration images.
  std::int64_t scored_images = 0;            ///< Scored images.
  std::vector<UnreadableImage> unreadable;   ///< Of the calibration images.
  std::vector<ImageCopy> copies;             ///< Calibration images that show what another of them shows.
  std::vector<ImageCopy> also_scored;        ///< Calibration images that show what is also scored.
  std::vector<std::filesystem::path> small;  ///< Calibration images with a side below kSmallSidePx.
  std::vector<std::filesystem::path> grey;   ///< Calibration images without colour.
  std::vector<std::filesystem::path> flat;   ///< Calibration images with hardly any contrast.
  std::vector<std::filesystem::path> dark;   ///< Calibration images as dark as a street at night.
  std::optional<Convergence> convergence;    ///< Measured where at least two calibration images can be read.
  std::optional<ShownObjects> objects;       ///< Empty where no calibration image can be read.
  std::vector<std::string> bad_labels;       ///< Of a data.yaml: labels that cannot be read, each with its reason.
  std::vector<std::string> objections;       ///< One sentence for each thing that is wrong; empty: nothing is.

  /// Calibration images that can be read and are no copies of others.
  std::int64_t usable() const { return images - static_cast<std::int64_t>(unreadable.size()) - static_cast<std::int64_t>(copies.size()); }
};
/// An image that cannot be read is a row of the result. Throws Error(input) where there are no images at all.
NIBBLE_EXPORT CalibrationCheck check_calibration(const CalibrationCheckOptions& options, Progress& progress);

}  // namespace nibble

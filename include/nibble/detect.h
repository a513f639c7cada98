// SPDX-License-Identifier: Apache-2.0
// Objects on one image, found by an ONNX detector that is opened once.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nibble/image_size.h"
#include "nibble/options.h"
#include "nibble/visibility.h"

namespace nibble {

struct ImageDetectorOptions {
  std::filesystem::path model;               ///< An ONNX detector, written by nibble or not.
  DetectOptions detect{.confidence = 0.25};  ///< Weaker detections are left out.
  DetectorFileOptions file;                  ///< What the file is taken for where it leaves that open.
  RuntimeOptions runtime;
};

struct DetectedObject {
  std::int64_t class_index = 0;
  std::string class_name;  ///< From the file's metadata; empty where it has none.
  double score = 0;        ///< 0..1.
  /// The box, in pixels of the image as it is shown (after EXIF rotation), inside the image.
  double left_px = 0, top_px = 0, width_px = 0, height_px = 0;
};

/// An image in memory.
struct RgbView {
  /// Rows from top to bottom without gaps between them, in each pixel the bytes red, green, blue: 3 * size.height * size.width bytes.
  std::span<const std::uint8_t> rgb;
  ImageSize size;  ///< Height and width in pixels.
};

/// Keeps the file open: loading it takes far longer than one image. A call of `detect` uses the threads of ImageDetectorOptions::runtime;
/// several threads may call it at once.
class NIBBLE_EXPORT ImageDetector {
 public:
  /// Throws Error(input) for a file that cannot be read, Error(unsupported) where inputs or outputs are not a detector's.
  explicit ImageDetector(const ImageDetectorOptions& options);
  ~ImageDetector();
  ImageDetector(ImageDetector&& other) noexcept;
  ImageDetector& operator=(ImageDetector&& other) noexcept;
  ImageDetector(const ImageDetector&) = delete;
  ImageDetector& operator=(const ImageDetector&) = delete;

  /// Best score first; letterbox, decoding and suppression of overlaps as `evaluate` has them. Throws Error(input) naming an image that
  /// cannot be decoded.
  std::vector<DetectedObject> detect(const std::filesystem::path& image) const;
  /// The same of pixels. Throws Error(usage) where their number is not that of the size.
  std::vector<DetectedObject> detect(const RgbView& image) const;

  /// Names by class index; empty where the file has none.
  const std::map<std::int64_t, std::string>& class_names() const;
  /// Of the network's input.
  ImageSize input_size() const;

 private:
  struct Opened;
  std::unique_ptr<Opened> opened_;
};

}  // namespace nibble

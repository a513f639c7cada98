// SPDX-License-Identifier: Apache-2.0
#include "base/check_options.h"
#include "nibble/detect.h"
#include "scoring/detect.h"

namespace nibble {

struct ImageDetector::Opened {
  DetectorFile file;
  DecodeOptions decode;

  std::vector<DetectedObject> detect(const NetworkImage& image) const {
    const auto outputs = file.session.run({network_input(image, file)});
    const auto found = decode_output(detections_output(file, outputs), 0, file.kind, file.class_count, file.strides, image.letterbox, 0,
                                     file.image_size, decode);
    std::vector<DetectedObject> objects;
    for (const Detection& detection : found) {
      const auto name = file.class_names.find(detection.category_id);
      const auto& [left, top, width, height] = detection.box_xywh_px;
      objects.push_back({.class_index = detection.category_id,
                         .class_name = name == file.class_names.end() ? "" : name->second,
                         .score = detection.score,
                         .left_px = left,
                         .top_px = top,
                         .width_px = width,
                         .height_px = height});
    }
    return objects;
  }
};

ImageDetector::ImageDetector(const ImageDetectorOptions& options) {
  check_options(options);
  opened_ = std::make_unique<Opened>(
      Opened{open_detector(options.model, options.runtime, true, 0, options.file), decode_options(options.detect)});
}
ImageDetector::~ImageDetector() = default;
ImageDetector::ImageDetector(ImageDetector&& other) noexcept = default;
ImageDetector& ImageDetector::operator=(ImageDetector&& other) noexcept = default;

std::vector<DetectedObject> ImageDetector::detect(const std::filesystem::path& image) const {
  return opened_->detect(read_network_image(image, opened_->file.image_size));
}
std::vector<DetectedObject> ImageDetector::detect(const RgbView& image) const {
  return opened_->detect(network_image_of(image.rgb, image.size, opened_->file.image_size));
}

const std::map<std::int64_t, std::string>& ImageDetector::class_names() const { return opened_->file.class_names; }
ImageSize ImageDetector::input_size() const { return opened_->file.image_size; }

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/detect.h"

#include <fmt/format.h>

#include <future>
#include <set>

#include "data/class_match.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// One image read ahead on another thread.
class ReadAhead {
 public:
  ReadAhead(const EvalSet& set, const ImageSize& image_size) : set_(set), image_size_(image_size) { start(); }

  NetworkImage next() {
    NetworkImage image = pending_.get();
    ++at_;
    start();
    return image;
  }

 private:
  void start() {
    if (at_ >= set_.dataset.images.size()) return;
    auto path = image_path(set_, set_.dataset.images[at_]);
    pending_ = std::async(std::launch::async, [path = std::move(path), size = image_size_] { return read_network_image(path, size); });
  }
  const EvalSet& set_;
  ImageSize image_size_;
  std::size_t at_ = 0;
  std::future<NetworkImage> pending_;
};

/// Class numbers become category ids; a class that the data set does not have is nothing there.
void map_to_categories(std::vector<Detection>& detections, const EvalSet& set, const DetectorFile& detector) {
  map_classes(detections, with_classes_of(set.dataset, detector.class_names, true));
  std::set<std::int64_t> known;
  for (const auto& category : set.dataset.categories) known.insert(category.id);
  std::erase_if(detections, [&](const Detection& detection) { return !known.contains(detection.category_id); });
}

}  // namespace

void require_annotated_size(const CocoImage& image, const Letterbox& letterbox, const EvalSet& set) {
  const auto fits = [](std::int64_t told, std::int64_t found) { return told == 0 || told == found; };
  if (fits(image.width_px, letterbox.width_px) && fits(image.height_px, letterbox.height_px)) return;
  throw Error(ErrorKind::input,
              fmt::format("image does not fit its annotations: {}: is {} x {} px, {} says {} x {}; use the original images",
                          image_path(set, image).string(), letterbox.width_px, letterbox.height_px, set.annotations_name, image.width_px,
                          image.height_px));
}

DecodeOptions decode_options(const DetectOptions& detect) {
  DecodeOptions options;
  options.confidence = detect.confidence;
  options.iou = detect.iou;
  options.max_detections = detect.max_detections;
  return options;
}

namespace {

std::vector<Detection> detections_in(const DetectorFile& detector, const EvalSet& set, const DecodeOptions& options,
                                     const std::string& title, Progress& progress) {
  std::vector<Detection> all;
  ReadAhead reader(set, detector.image_size);
  progress.begin(title, static_cast<std::int64_t>(set.dataset.images.size()));
  for (const auto& image : set.dataset.images) {
    throw_if_interrupted();
    const NetworkImage pixels = reader.next();
    require_annotated_size(image, pixels.letterbox, set);
    const auto outputs = detector.session.run({network_input(pixels, detector)});
    const auto found = decode_output(detections_output(detector, outputs), 0, detector.kind, detector.class_count, detector.strides,
                                     pixels.letterbox, image.id, detector.image_size, options);
    all.insert(all.end(), found.begin(), found.end());
    progress.step(image.file_name);
  }
  map_to_categories(all, set, detector);
  progress.end(fmt::format("{} images, {} detections", set.dataset.images.size(), all.size()));
  return all;
}

}  // namespace

std::vector<Detection> detect_images(const DetectorFile& detector, const EvalSet& set, const DetectOptions& detect,
                                     const std::string& title, Progress& progress) {
  return detections_in(detector, set, decode_options(detect), title, progress);
}

std::vector<Detection> predict_images(const DetectorFile& detector, const EvalSet& set, const DetectOptions& detect,
                                      const std::string& title, Progress& progress) {
  auto options = decode_options(detect);
  options.best_class_only = true;
  return detections_in(detector, set, options, title, progress);
}

}  // namespace nibble

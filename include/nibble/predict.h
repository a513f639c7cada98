// SPDX-License-Identifier: Apache-2.0
// What a detector sees on images, for people to look at: pictures with boxes, label files, predictions.json.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "nibble/image_size.h"
#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/visibility.h"

namespace nibble {

struct PredictOptions {
  std::filesystem::path model;     ///< An ONNX detector, written by nibble or not.
  std::filesystem::path baseline;  ///< Another file of the same detector, usually the float one, to show beside it; empty: none.
  std::filesystem::path source;    ///< An image, a folder of images (with the folders in it), or a text file with one path per line.
  std::filesystem::path output;    ///< The folder that is written into.
  DetectOptions detect{.confidence = 0.25};  ///< A box is a detection of its best class alone, as Ultralytics predicts.
  DetectorFileOptions file;                  ///< Of both models.
  bool save_text = false;                    ///< Write labels/<name>.txt: "class cx cy w h", shares of the image's width and height.
  bool save_confidence = false;              ///< With the confidence as a sixth number.
  bool save_json = false;                    ///< Write predictions.json, pycocotools' result format.
  std::string on_bad_data;                   ///< "stop" at an image that cannot be read, or "skip" it; empty: stop.
  RuntimeOptions runtime;
};

/// What became of a box of one model in the other one.
enum class BoxChange : std::uint8_t {
  none,         ///< The same class at an IoU of 0.5 or more.
  lost,         ///< The baseline's, and the model has nothing like it.
  added,        ///< The model's, and the baseline has nothing like it.
  other_class,  ///< Another class at an IoU of 0.5 or more, at least half as confident.
  moved,        ///< The same class at an IoU of 0.1 to 0.5, at least half as confident.
};
inline constexpr std::size_t kBoxChanges = 5;
inline const char* name_of(BoxChange change) {
  constexpr std::array<const char*, kBoxChanges> kNames = {"same", "lost", "new", "class changed", "moved"};
  return kNames.at(static_cast<std::size_t>(change));
}

struct PredictedBox {
  std::int64_t class_index = 0;
  double confidence = 0;                ///< 0..1
  std::array<double, 4> box_xywh_px{};  ///< Top left corner and size, in pixels of the image as it is shown (after EXIF rotation).
  BoxChange change = BoxChange::none;   ///< Against the other model; none where there is no other.
};
struct PredictedImage {
  std::filesystem::path source;
  ImageSize size;                            ///< Of the image, in pixels.
  std::vector<PredictedBox> boxes;           ///< Best confidence first.
  std::vector<PredictedBox> baseline_boxes;  ///< Of the baseline; empty without one.
  std::filesystem::path picture;             ///< The JPEG with the boxes, both models side by side where there are two.
  std::filesystem::path labels;              ///< The label file, without a line where nothing was found; empty: none was asked for.
};
struct PredictResult {
  std::vector<PredictedImage> images;               ///< In the order of the source.
  std::map<std::int64_t, std::string> class_names;  ///< By class index; "class 7" where the model has none or numbers.
  ImageSize input_size;                             ///< Of the network's input, in pixels.
  bool is_compared = false;                         ///< There was a baseline.
  std::filesystem::path json;                       ///< predictions.json; empty: none was asked for.
  std::string category_ids;                         ///< How predictions.json counts classes: "coco91" or "class+1", as `score` calls it.
  std::vector<std::string> bad_data;                ///< Images that were left out, each with its reason.
};
/// Runs a detector on images, draws what it sees and writes it into the output folder. Files of the same names there are replaced. Throws
/// Error(input) for a source without images, for images that cannot be read and for two models of different classes; Error(usage) for an
/// output that would replace what is read; Error(unsupported) where the model is no detector, or the source is a video.
NIBBLE_EXPORT PredictResult predict(const PredictOptions& options, Progress& progress);

}  // namespace nibble

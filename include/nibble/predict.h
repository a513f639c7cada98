// SPDX-License-Identifier: Apache-2.0
// What a model sees on images, for people to look at: pictures with boxes, masks, keypoints, turned boxes or class bars, label files,
// predictions.json.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "nibble/image_size.h"
#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/visibility.h"

namespace nibble {

struct PredictOptions {
  std::filesystem::path model;     ///< An ONNX file of any task, written by nibble or not; its metadata say the task.
  std::filesystem::path baseline;  ///< Another file of the same model, usually the float one, to show beside it; empty: none.
  std::filesystem::path source;    ///< An image, a folder of images (with the folders in it), or a text file with one path per line.
  std::filesystem::path output;    ///< The folder that is written into.
  DetectOptions detect{.confidence = 0.25};  ///< A box is a detection of its best class alone, as Ultralytics predicts.
  DetectorFileOptions file;                  ///< Of both models.
  bool save_text = false;                    ///< Write labels/<name>.txt in Ultralytics' format of the task (docs/formats.md).
  bool save_confidence = false;              ///< With the confidence behind each object; classifiers have it anyway.
  bool save_json = false;                    ///< Write predictions.json, pycocotools' result format where the task has one.
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

/// A place in the image that a pose model names.
struct PredictedKeypoint {
  double x_px = 0, y_px = 0;  ///< In pixels of the image.
  double confidence = 1;      ///< 0..1 that it is seen; 1 where the model does not say.
};
/// A box that is turned about its centre.
struct TurnedBox {
  double x_px = 0, y_px = 0;           ///< Of the centre, in pixels of the image; not cut to it.
  double width_px = 0, height_px = 0;  ///< Of the sides.
  double angle = 0;                    ///< Radians, by which `width_px` is turned clockwise from the x axis.
};
struct PredictedBox {
  std::int64_t class_index = 0;
  double confidence = 0;  ///< 0..1
  /// Top left corner and size, in pixels of the image as it is shown (after EXIF rotation); of a turned box the upright one around it.
  std::array<double, 4> box_xywh_px{};
  BoxChange change = BoxChange::none;                  ///< Against the other model; none where there is no other.
  std::optional<TurnedBox> turned = {};                ///< Of models of oriented boxes.
  std::vector<PredictedKeypoint> keypoints = {};       ///< Of pose models.
  std::string mask = {};                               ///< Of segmentation models: COCO's compressed run lengths of the whole image.
  std::vector<std::array<double, 2>> outline_px = {};  ///< The mask as a polygon: x, y in pixels of the image.
};
struct PredictedImage {
  std::filesystem::path source;
  ImageSize size;                                   ///< Of the image, in pixels.
  std::vector<PredictedBox> boxes;                  ///< Best confidence first.
  std::vector<PredictedBox> baseline_boxes;         ///< Of the baseline; empty without one.
  std::vector<double> probabilities = {};           ///< Of classifiers: that of each class, by class index.
  std::vector<double> baseline_probabilities = {};  ///< Of the baseline; empty without one.
  std::filesystem::path picture;                    ///< The JPEG with the boxes, both models side by side where there are two.
  std::filesystem::path labels;                     ///< The label file, without a line where nothing was found; empty: none was asked for.
};
struct PredictResult {
  std::string task;                                 ///< "detect", "segment", "pose", "obb" or "classify".
  std::vector<PredictedImage> images;               ///< In the order of the source.
  std::map<std::int64_t, std::string> class_names;  ///< By class index; "class 7" where the model has none or numbers.
  std::int64_t keypoint_values = 0;                 ///< Of each keypoint of a pose model: 2 (x, y) or 3, with a confidence.
  ImageSize input_size;                             ///< Of the network's input, in pixels.
  bool is_compared = false;                         ///< There was a baseline.
  std::filesystem::path json;                       ///< predictions.json; empty: none was asked for.
  std::string category_ids;  ///< How predictions.json counts classes: "coco91" or "class+1", as `score` calls it; empty for classifiers.
  std::vector<std::string> bad_data;  ///< Images that were left out, each with its reason.
};
/// The classes with the highest probabilities, at most five, best first; of equal ones the lower index first.
inline std::vector<std::int64_t> best_classes(const std::vector<double>& probabilities) {
  constexpr std::size_t kShown = 5;
  std::vector<std::int64_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t l, std::int64_t r) {
    return probabilities[static_cast<std::size_t>(l)] > probabilities[static_cast<std::size_t>(r)];
  });
  order.resize(std::min(order.size(), kShown));
  return order;
}

/// Runs a model on images, draws what it sees and writes it into the output folder. Files of the same names there are replaced. Throws
/// Error(input) for a source without images, for images that cannot be read and for two models of different tasks or classes; Error(usage)
/// for an output that would replace what is read; Error(unsupported) where the file's outputs are not those of a task, or the source is a
/// video.
NIBBLE_EXPORT PredictResult predict(const PredictOptions& options, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// From network outputs to detections in image pixels, as Ultralytics' validator does it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "data/coco.h"
#include "data/image.h"

namespace nibble {

struct Detection {
  std::int64_t image_id = 0;
  std::int64_t category_id = 0;  ///< COCO category id (class index before map_classes)
  double score = 0;
  std::array<double, 4> box_xywh_px{};  ///< in the original image
};

/// Half floats and quantised outputs step over 0 and 1 by less; logits and shares of 100 by more.
inline bool is_score(float value) { return value >= -0.1F && value <= 1.1F; }

struct DecodeOptions {
  double confidence = 0.001;           ///< a detection needs a score above this; 0..1
  double iou = 0.7;                    ///< NMS drops a box that overlaps a better one by more than this; 0..1
  std::int64_t max_detections = 300;   ///< of an image, at most
  std::int64_t pre_nms_top_k = 30000;  ///< so many boxes with the best scores go into NMS; Ultralytics' max_nms
  /// True: each box is a detection of its best class alone, as Ultralytics predicts; false: of every class above the confidence, as it
  /// validates. One-to-one outputs have one class for each box anyway.
  bool best_class_only = false;
};

/// What the numbers of an output tensor mean.
enum class OutputKind { one2one, one2many, raw };

/// Detections of image `index` of the batch, in the original image's pixels, clipped to it, best score first.
/// one2one: confidence threshold only. one2many: class-wise NMS (boxes offset by class), multi-label, as
/// ultralytics.utils.ops.non_max_suppression with multi_label=True. raw: DFL expectation and anchors first
/// (Li et al. 2020, Generalized Focal Loss, eq. 5-6). category_id is the class index.
/// The letterbox is undone by x_image = (x_input - pad) / ratio in f32, the pads as the border was really laid.
/// Error(numeric) naming the image on a value that is not finite, Error(input) on a class index outside class_count
/// (one2one) or where strides do not give the output's anchors (raw).
std::vector<Detection> decode_output(const Tensor& output, std::int64_t index, OutputKind kind, std::int64_t class_count,
                                     const std::vector<std::int64_t>& strides, const Letterbox& letterbox, std::int64_t image_id,
                                     const ImageSize& image_size, const DecodeOptions& options);

/// Class index -> category id: class k becomes categories[k].id. Error(input) naming class and data set when it has fewer.
void map_classes(std::vector<Detection>& detections, const CocoDataset& dataset);

/// The indices of the scores, best score first; of equal scores the lower index first.
std::vector<std::size_t> by_descending_score(const std::vector<float>& scores);

/// Greedy suppression: returns the indices of the boxes that are kept, by descending score (of equal scores the lower index first). Boxes
/// are x1, y1, x2, y2; arithmetic is f32 as in torchvision. Stops after `limit` boxes, which later ones could not change. Example: boxes
/// {0,0,10,10}, {1,0,11,10}, {20,0,30,10} with scores .8, .9, .7 at iou 0.7: kept 1, 2 (overlap 90/110).
std::vector<std::size_t> suppress_overlaps(const std::vector<std::array<float, 4>>& boxes_xyxy, const std::vector<float>& scores,
                                           double iou, std::size_t limit = SIZE_MAX);

/// The same within each class only; `classes` are 0, 1, 2, ... Overlaps are computed on boxes moved by class * 7680 px, as
/// Ultralytics does (which costs their last bits; so it is part of the definition).
std::vector<std::size_t> suppress_overlaps_by_class(const std::vector<std::array<float, 4>>& boxes_xyxy, const std::vector<float>& scores,
                                                    const std::vector<std::int32_t>& classes, double iou, std::size_t limit = SIZE_MAX);

/// The pycocotools result format: [{image_id, category_id, bbox [x,y,w,h], score}]. Reading names file and entry on errors
/// (malformed JSON, NaN, missing key, wrong type, negative size); further keys are passed over. Numbers are written so that
/// reading gives the same doubles back.
std::vector<Detection> read_detections(const std::filesystem::path& json);

/// A result file as its writer counts: image ids may be texts (Ultralytics writes the file name without extension).
struct DetectionsFile {
  std::vector<Detection> detections;     ///< image_id of a text: -1 minus its place in image_names
  std::vector<std::string> image_names;  ///< each once
};
/// As read_detections otherwise. Error(input) for a negative image id in a file that has texts too.
DetectionsFile read_detections_file(const std::filesystem::path& json);
void write_detections(const std::filesystem::path& json, const std::vector<Detection>& detections);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// From a checkpoint to a Graph: everything that knows what a YOLO detector is.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ckpt/checkpoint.h"
#include "graph/graph.h"
#include "nibble/image_size.h"
#include "nibble/task.h"

namespace nibble {

/// Which outputs the graph ends in (output0, f32):
///  one2one  [B,300,6]       x1,y1,x2,y2 in input pixels, score, class; top-k inside the graph, no NMS needed
///  one2many [B,4+nc,A]      cx,cy,w,h in input pixels, nc class scores in 0..1; needs NMS
///  raw      [B,64+nc,A]     box-distribution logits and class logits of the one2many branch, before DFL and sigmoid; only of heads with 16
///                           bins per side
///  raw_one2one              the same of the one2one branch
/// A is the number of anchor points: 8400 at 640 x 640. Models of other tasks have the first two, with more numbers behind each box's:
///  segment  nm mask coefficients; the prototypes are output1 [B,nm,H/4,W/4], and sigmoid(coefficients . prototypes) is the mask
///  pose     x, y in input pixels of each keypoint, and where the model has it a visibility in 0..1 behind them
///  obb      the angle in radians by which the box cx,cy,w,h (in one2one, too) is turned clockwise about its centre
/// Classifiers have no heads to choose from: output0 is [B,nc], the classes' probabilities, whatever the Head.
enum class Head { one2one, one2many, raw, raw_one2one };
std::string_view name_of(Head head);
/// Error(usage) listing the names.
Head parse_head(std::string_view name);

struct BuildOptions {
  Head head = Head::one2many;
  /// Of the input; each side a multiple of the largest stride. Empty: what the checkpoint was trained at (train_args.imgsz) rounded up to
  /// one, as Ultralytics exports it; 640 where it does not say.
  std::optional<ImageSize> image_size = {};
  std::int64_t batch = 1;             ///< images at once; -1 where that is to be known at run time only
  std::int64_t max_detections = 300;  ///< K of the one2one head; all anchor points where the image has fewer
};

struct ModelInfo {
  std::string family = "yolo";  ///< "yolov8", "yolo11", ... from the name of the yaml that the model was made from; "yolo" when it has none
  std::string scale;            ///< "n", "s", ... from the checkpoint's yaml; empty when it does not say
  std::map<std::int64_t, std::string> class_names;
  std::vector<std::int64_t> strides;  ///< pixels: 8, 16, 32
  ImageSize image_size = 640;
  std::int64_t batch = 1;
  Head head = Head::one2many;
  std::string source_file;  ///< file name, no folder
  std::string source_sha256;
  Task task = Task::detect;
  std::int64_t mask_coefficients = 0;        ///< segment: nm
  std::vector<std::int64_t> keypoint_shape;  ///< pose: {number of keypoints, 2 (x, y) or 3 (x, y, visibility)}
};

struct Detector {
  Graph graph;
  ModelInfo info;
};

/// Graph with BatchNorm and parallel branches as in the checkpoint; one input "images" [B,3,H,W], RGB in 0..1.
/// Uses `ema` when the checkpoint has one, else `model`, as Ultralytics does. Error(unsupported) naming the module
/// path and class for anything it does not know, Error(input) where a module's tensors do not fit its description.
Detector build_detector(const Checkpoint& checkpoint, const BuildOptions& options);

/// The float baseline: what build_detector gives, after fold_batchnorm, merge_parallel_convs and without_dead_nodes, verified.
Detector build_baseline(const Checkpoint& checkpoint, const BuildOptions& options);

/// The values of a model's graph that hold what its head predicts, before softmax and sigmoid. -1: the head has no such part.
struct LogitValues {
  ValueId boxes = -1;              ///< [B,4*bins,A]: box-distribution logits, side by side; distances where bins is 1
  ValueId classes = -1;            ///< [B,nc,A]; [B,nc] of a classifier
  ValueId mask_coefficients = -1;  ///< [B,nm,A]
  ValueId prototypes = -1;         ///< [B,nm,h,w]
  ValueId mask_areas = -1;         ///< with masks, [B,4,A]: the decoded boxes, x1,y1,x2,y2 or cx,cy,w,h in input pixels
  bool mask_areas_are_corners = false;
  ValueId keypoints = -1;    ///< [B,number*values,A]: offsets in cells, and visibilities before their sigmoid
  double keypoint_step = 1;  ///< cells for each unit of an offset
  ValueId angles = -1;       ///< [B,1,A], in radians
};
/// Error(internal) for a graph that build_detector did not make.
LogitValues find_logits(const Graph& graph);

/// One row per entry of the model's layer list, for `inspect`.
struct LayerRow {
  std::int64_t index;
  std::string from;    ///< "-1", "-1, 6"
  std::string module;  ///< "C2fCIB"
  std::int64_t parameters;
  std::string yaml;  ///< the yaml's line for it: "[-1, 3, C2f, [128, True]]"
};
struct ModelSummary {
  std::string model_class;  ///< "ultralytics.nn.tasks.DetectionModel"
  std::string taken_from;   ///< "model" or "ema"
  ModelInfo info;
  std::vector<LayerRow> layers;
  std::int64_t parameters = 0;  ///< number of parameters as stored, both heads included
  std::string stored_dtype;     ///< "float16"
  std::vector<Head> heads;      ///< that can be built; empty for a classifier
};
ModelSummary summarize_model(const Checkpoint& checkpoint);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// From a checkpoint to a Graph: everything that knows what a YOLO detector is.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ckpt/checkpoint.h"
#include "graph/graph.h"
#include "nibble/image_size.h"

namespace nibble {

/// Which outputs the graph ends in (output0, f32):
///  one2one  [B,300,6]       x1,y1,x2,y2 in input pixels, score, class; top-k inside the graph, no NMS needed
///  one2many [B,4+nc,A]      cx,cy,w,h in input pixels, nc class scores in 0..1; needs NMS
///  raw      [B,64+nc,A]     box-distribution logits and class logits of the one2many branch, before DFL and sigmoid; only of heads with 16
///                           bins per side
///  raw_one2one              the same of the one2one branch
/// A is the number of anchor points: 8400 at 640 x 640.
enum class Head { one2one, one2many, raw, raw_one2one };
std::string_view name_of(Head head);
/// Error(usage) listing the names.
Head parse_head(std::string_view name);

struct BuildOptions {
  Head head = Head::one2many;
  ImageSize image_size = 640;         ///< of the input; each side a multiple of the largest stride
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
  std::string task = "detect";
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

/// The values of a detector's graph that hold what its head predicts, before softmax and sigmoid.
struct LogitValues {
  ValueId boxes;    ///< [B,4*bins,A]: box-distribution logits, side by side; distances where bins is 1
  ValueId classes;  ///< [B,nc,A]
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
};
ModelSummary summarize_model(const Checkpoint& checkpoint);

}  // namespace nibble

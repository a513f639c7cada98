// SPDX-License-Identifier: Apache-2.0
// Options that several commands have.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "nibble/image_size.h"

namespace nibble {

/// Where and how networks are executed.
struct RuntimeOptions {
  int threads = 0;                  ///< Threads to compute with; 0: as many as there are cores.
  std::uint64_t seed = 0;           ///< Of everything that is drawn at random.
  std::string provider = "cpu";     ///< "cpu" or "cuda". A provider that is asked for and missing is an Error(environment).
  bool allow_cpu_fallback = false;  ///< With "cuda": nodes without a CUDA kernel run on the CPU instead of being an error.
  /// Session config entries of ONNX Runtime by their keys: {"session.disable_quant_qdq", "1"}.
  std::map<std::string, std::string> session_options = {};
};

/// Which images are scored, and against what.
struct DataOptions {
  std::filesystem::path images;            ///< The folder that file names of the annotations are relative to.
  std::filesystem::path annotations;       ///< A COCO instances_*.json, or a YOLO data.yaml.
  std::optional<std::int64_t> max_images;  ///< The first so many by ascending id; empty: all of them (run: 100).
  std::filesystem::path image_ids_list;    ///< A text file with one image id or file name per line; empty: no restriction.
  /// "stop" at a file or label that cannot be read, or "skip" it; empty: stop for scoring, skip a few for calibration and training.
  std::string on_bad_data;
};

/// What an ONNX detector is taken for where its file leaves it open.
struct DetectorFileOptions {
  /// Of the input; empty: the file's own, or its metadata's imgsz, else 640. Another one than a fixed one is an Error(usage).
  std::optional<ImageSize> image_size;
  /// "one2one", "one2many", "raw" or "yolov5"; empty: it is found out, Error(unsupported) where that is not possible.
  std::string output_layout;
};

/// How detections are taken from a network's outputs.
struct DetectOptions {
  double confidence = 0.001;          ///< A detection needs a score above it, 0..1.
  double iou = 0.7;                   ///< Of two boxes of a class with a larger overlap (IoU, 0..1) the one with the lower score goes.
  std::int64_t max_detections = 300;  ///< Detections kept in each image, those with the highest scores.
};

/// What the bits of a network may cost, in the place of what the recipe says. At most one of the two may be given.
struct BudgetOptions {
  std::optional<std::int64_t> max_bytes;  ///< Largest size of the file that computes in FP32: INT4, along a trellis unpack.
  std::optional<double> max_drop;  ///< Largest loss in points of the task's main number against the float file, on images that judge.
};

/// The images that BudgetOptions::max_drop is measured on.
struct JudgeOptions {
  std::filesystem::path data;    ///< A folder, a list of paths, a data.yaml or a COCO file; empty: the calibration images.
  std::filesystem::path images;  ///< The folder that file names of a COCO file are relative to.
};

/// How a network is trained.
struct QatCourse {
  std::int64_t steps = 600;     ///< Updates of the weights.
  std::int64_t epochs = 0;      ///< If not 0, how often every training image is seen; `steps` is then not looked at.
  std::int64_t batch = 4;       ///< Images for each step, of all processes together.
  std::int64_t held_out = 0;    ///< Images that are not trained on and judge the result; 0: a quarter of all, at most 100.
  double rate = 2;              ///< The learning rates are multiplied by it.
  double label_weight = 0;      ///< Weight of the detection loss on labels, beside imitation of the float network.
  double imitation_weight = 1;  ///< Weight of following the float network; 0: the labels alone.
  double augment = 0.5;         ///< Strength of augmentation from 0 (images are only flipped) to 1 (as Ultralytics trains).
  std::int64_t patience = 0;    ///< Training stops after so many scores without a new best one; 0: never.
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// COCO numbers of an ONNX file and of a file of detections.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nibble/intervals.h"
#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/report.h"
#include "nibble/visibility.h"

namespace nibble {

/// Average precision of one class, 0..1; -1: undefined, because no object of the class is in the images.
struct ClassAp {
  std::int64_t category_id = 0;  ///< As in the annotations.
  std::string name;
  double ap_50_95 = -1;        ///< Mean over the IoU thresholds 0.50, 0.55, ..., 0.95.
  double ap_50 = -1;           ///< At the IoU threshold 0.50.
  std::int64_t instances = 0;  ///< Annotated objects that count (crowds do not).
};

/// The numbers of pycocotools' COCOeval for boxes, each 0..1; -1: undefined, because there is no such object.
struct CocoMetrics {
  double map_50_95 = -1, map_50 = -1, map_75 = -1;         ///< Mean over classes; over IoU thresholds 0.50..0.95, at 0.50, at 0.75.
  double map_small = -1, map_medium = -1, map_large = -1;  ///< map_50_95 of objects below 32^2 px^2, to 96^2 px^2, above.
  double ar_1 = -1, ar_10 = -1, ar_100 = -1;               ///< Average recall with at most 1, 10, 100 detections in each image.
  double ar_small = -1, ar_medium = -1, ar_large = -1;     ///< ar_100 by the same sizes.
  std::vector<ClassAp> per_class;                          ///< Ascending category id.
  std::int64_t num_images = 0;
  std::int64_t num_detections = 0;
  MetricIntervals intervals = {};  ///< Of the twelve numbers, where resamples were drawn.
  MetricChanges changes = {};      ///< Against other detections of the same images, where those were given.
};

/// How often the right class of a classifier ranks first, or among the first five; shares of images, 0..1.
struct ClassTopK {
  std::int64_t label = 0;  ///< The class's number.
  std::string name;
  double top_1 = 0, top_5 = 0;
  std::int64_t images = 0;  ///< Images of the class.
};
struct ClassificationMetrics {
  double top_1 = -1, top_5 = -1;     ///< Of all images; -1: there are none.
  std::vector<ClassTopK> per_class;  ///< Classes that have images, by number.
  std::int64_t num_images = 0;
  MetricIntervals intervals = {};  ///< As those of CocoMetrics.
  MetricChanges changes = {};
};

/// The numbers of pycocotools' COCOeval for keypoints, each 0..1; -1: undefined. Object keypoint similarity takes the place of the overlap.
struct KeypointMetrics {
  double ap_50_95 = -1, ap_50 = -1, ap_75 = -1;  ///< Mean over classes; over similarities 0.50..0.95, at 0.50, at 0.75.
  double ap_medium = -1, ap_large = -1;          ///< ap_50_95 of objects of 32^2 to 96^2 px^2, above.
  double ar_50_95 = -1, ar_50 = -1, ar_75 = -1;  ///< Recall with at most 20 detections in each image.
  double ar_medium = -1, ar_large = -1;
  std::int64_t num_images = 0;
  std::int64_t num_detections = 0;
  MetricIntervals intervals = {};  ///< As those of CocoMetrics.
  MetricChanges changes = {};
};

/// The numbers of Ultralytics' validator for boxes that are turned, each 0..1; -1: undefined. Probabilistic IoU takes the place of the
/// overlap, and precision is interpolated as Ultralytics does it.
struct OrientedMetrics {
  double map_50_95 = -1, map_50 = -1, map_75 = -1;  ///< Mean over the classes that have objects; as those of CocoMetrics.
  std::vector<ClassAp> per_class;                   ///< Ascending category id.
  std::int64_t num_images = 0;
  std::int64_t num_detections = 0;
  MetricIntervals intervals = {};  ///< As those of CocoMetrics.
  MetricChanges changes = {};
};

struct EvalOptions {
  std::filesystem::path model;  ///< An ONNX file of any task, written by nibble or not.
  DataOptions data;             ///< Empty: the embedded images. Of a classifier: `images` is a folder with a folder for each class.
  DetectOptions detect;
  DetectorFileOptions file;
  bool optimize = true;        ///< False: the runtime's graph optimisations are off, for reference numbers.
  bool skip_latency = false;   ///< True: no times are measured.
  std::filesystem::path json;  ///< metrics.json to write (docs/formats.md); empty: none.
  /// File of what is found in pycocotools' result format to write, with what the task has beside boxes (docs/formats.md); empty: none.
  std::filesystem::path save_detections;
  std::filesystem::path
      baseline_detections;  ///< Detections that changes are measured against, as save_detections writes them; empty: none.
  std::int64_t resamples = kDefaultResamples;  ///< Drawn for intervals (nibble/intervals.h); 0: no intervals.
  RuntimeOptions runtime;
};
struct EvalResult {
  CocoMetrics metrics;                                  ///< Of detectors; of pose and segmentation models those of their boxes.
  std::optional<ClassificationMetrics> classification;  ///< Of classifiers.
  std::optional<KeypointMetrics> keypoints;             ///< Of pose models.
  std::optional<CocoMetrics> masks;                     ///< Of segmentation models: pycocotools' numbers with the overlap of masks.
  std::optional<OrientedMetrics> oriented;              ///< Of models of oriented boxes, which have no other numbers.
  std::optional<Latency> latency;      ///< Where it was measured: not with skip_latency, nor of files that take several images at once.
  std::vector<std::string> providers;  ///< Of ONNX Runtime, in effect.
  std::string head;                    ///< What the output was taken for: "one2one", "one2many", "raw", "yolov5".
  std::string images, annotations;     ///< What it was scored on, as given or "assets/...".
  std::vector<std::string> bad_data;   ///< Images and labels that were left out, each with its reason.
};
/// Runs a model of any task on images and scores it. Throws Error(input) for missing images and for classes that are not as many as
/// the data set's, Error(unsupported) where inputs or outputs are not a detector's.
NIBBLE_EXPORT EvalResult evaluate(const EvalOptions& options, Progress& progress);

struct ScoreOptions {
  std::filesystem::path detections;  ///< [{image_id, category_id, bbox, score}, ...], pycocotools' result format.
  /// What is scored: boxes ("detect"), masks ("segment"), keypoints ("pose") or oriented boxes ("obb"), which the file has to hold besides.
  std::string task = "detect";
  DataOptions data;
  std::filesystem::path json;                  ///< File to write the numbers to; empty: none.
  std::string category_ids = "auto";           ///< How the file counts classes: "auto", "annotations", "class", "class+1" or "coco91".
  std::filesystem::path baseline_detections;   ///< Detections that changes are measured against, read in the same way; empty: none.
  std::int64_t resamples = kDefaultResamples;  ///< Drawn for intervals (nibble/intervals.h); 0: no intervals.
  std::uint64_t seed = 0;                      ///< Of the resamples.
  int threads = 0;                             ///< Threads to compute with; 0: as many as there are cores.
};
struct ScoreResult {
  CocoMetrics metrics;                       ///< Of boxes; of oriented boxes there are none.
  std::optional<KeypointMetrics> keypoints;  ///< These are as those of EvalResult.
  std::optional<CocoMetrics> masks;
  std::optional<OrientedMetrics> oriented;
  std::string category_ids;           ///< How the file's classes were read: "annotations", "class", "class+1" or "coco91".
  std::string why;                    ///< One sentence on why they were read so.
  std::vector<std::string> notes;     ///< What was assumed besides, and detections that count for nothing.
  std::vector<std::string> bad_data;  ///< Labels that were left out, each with its reason.
};
/// Scores a file of detections as pycocotools does. Throws Error(input) for an image or category id that fits nothing, Error(usage) asking
/// for `category_ids` where the reading stays open.
NIBBLE_EXPORT ScoreResult score(const ScoreOptions& options);

}  // namespace nibble

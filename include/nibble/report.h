// SPDX-License-Identifier: Apache-2.0
// What a run found out, as plain data: the content of summary.md, gates.json and run.json.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nibble/image_size.h"
#include "nibble/intervals.h"
#include "nibble/task.h"

namespace nibble {

/// Wall time of one forward pass at batch 1, warm-up runs left out.
struct Latency {
  double mean_ms = 0;
  double median_ms = 0;
  double p90_ms = 0;
  double throughput_fps = 0;  ///< 1000 / mean_ms
  std::int64_t runs = 0;      ///< measured ones
  /// Time of each run, ascending; empty where a file of metrics does not have it.
  std::vector<double> run_ms = {};
};

/// Numbers of one file by its task; -1: undefined (no ground truth of that kind), as pycocotools.
struct Score {
  Task task = Task::detect;
  /// What the task is judged by, 0..1: mAP 50-95 of boxes (detect), masks (segment) or oriented boxes (obb), AP 50-95 of keypoints (pose),
  /// top-1 (classify).
  double main = -1;
  double second = -1;                    ///< the same at the threshold 0.50; of classifiers top-5
  std::optional<double> reference_main;  ///< `main` with the runtime's graph optimisations off, where measured
  std::int64_t images = 0;
  std::optional<Latency> latency;
  std::vector<std::string> providers;
  std::string metrics_path;          ///< relative to the run directory
  std::string detections_path = {};  ///< the detections it was computed from, relative to the run directory; empty: not kept
  /// All by their names in metrics.json: "mAP_50_95" of its object `metrics`, "masks.mAP_50_95" of others. Those that are undefined are
  /// missing.
  std::map<std::string, double> numbers = {};
  MetricIntervals intervals = {};  ///< where resamples were drawn
  MetricChanges changes = {};      ///< against the FP32 baseline, of quantised files
};

/// How far two executions of the same input lie apart.
struct Parity {
  std::string what;      ///< "optimisations on against off"
  double max_score = 0;  ///< largest difference of a class score (raw heads: of a logit)
  double max_box_px = 0;
  bool must_be_equal = false;  ///< any difference fails a gate
};

/// How a quantised file differs from the float baseline, in short; the whole of it is in the file at `path`.
struct Blame {
  std::string path;  ///< relative to the run directory
  double confidence = 0.25;
  std::int64_t objects = 0;                                                        ///< the baseline's detections at that confidence
  std::int64_t found = 0, faded = 0, wrong_class = 0, mislocated = 0, missed = 0;  ///< what became of them; faded: below the confidence
  std::int64_t extra = 0;                                                          ///< detections that stand for none of them
  std::vector<std::pair<std::string, double>> cost;  ///< mAP 50-95 lost by "score", "location", ...; largest first
  std::string first_diverged;                        ///< "model.2.cv1.conv (18.3 dB)": first layer below 20 dB; empty: none
  std::string largest_drop;                          ///< "model.1.conv (9.6 dB)"
};

/// Two files of a recipe that were compared weight by weight.
struct TwinReport {
  std::string recipe;
  std::string artifact, reference;  ///< names of the files
  std::int64_t layers = 0;
  std::int64_t codes = 0;              ///< integers compared
  std::int64_t weights = 0;            ///< dequantised weights and biases compared bit for bit; 0 where one file computes in FP16
  bool same_outputs = true;            ///< false for the integer form, which computes otherwise from the same weights
  std::string difference = {};         ///< the first one; empty: none
  std::optional<Parity> outputs = {};  ///< on one image, the runtime's graph optimisations off
};

/// What a runtime's optimisations do to a detector's answers. Everything against the CPU provider with optimisations off; the
/// largest over all inputs.
struct LevelAgreement {
  std::string provider;                                   ///< cpu, cuda
  std::string level;                                      ///< basic, extended, all; cuda: off as well
  double max_score = 0;                                   ///< of the whole output; raw heads: of a logit
  double max_box_px = 0;                                  ///< of the whole output: of background too, where boxes mean nothing
  std::int64_t reference_detections = 0, detections = 0;  ///< with a score of at least 0.25
  std::int64_t matched = 0;                               ///< same class, overlap above 0.9
  double matched_score = 0, matched_box_px = 0;           ///< largest difference of those
  bool same_detections() const { return matched == reference_detections && matched == detections; }
};

/// Codes of a file's activations on the CPU provider, all optimisations against none; the largest over all inputs. They are read from a
/// copy of the file that gives them out.
struct QuantizerSteps {
  std::int64_t quantizers = 0;     ///< that were compared; 0: the file quantises no activation
  std::int64_t differing = 0;      ///< with a code that is another
  std::int64_t largest_steps = 0;  ///< between two codes of one element
  std::string first = {};          ///< the first in graph order with a code more than one step off; empty: none
  std::int64_t first_steps = 0;    ///< its largest
  double first_share = 0;          ///< of its codes are more than one step off, 0..1
  /// The copy answers as the file, bit for bit, with all optimisations. False: giving codes out made the runtime fuse otherwise, so that
  /// the numbers above are the copy's.
  bool same_outputs = true;
  /// What is said of `first` is true of the file: same_outputs, or a copy that gives out only the codes up to that quantiser agrees with
  /// the file and finds the same.
  bool first_is_exact = true;
};

/// One kind of operator, as the runtime runs it.
struct OpShare {
  std::string op;
  int nodes = 0;
  double share = 0;  ///< of the time, 0..1
};

/// What the runtime made of a file.
struct RuntimeFacts {
  std::map<std::string, int> nodes_by_provider;
  std::vector<OpShare> ops;  ///< longest first
  std::vector<LevelAgreement> levels;
  QuantizerSteps steps;
  std::optional<double> time_ratio;  ///< of medians, to the FP32 baseline, runs in turns; nothing without a baseline
  /// The same with ONNX Runtime's session option session.disable_quant_qdq=1, which folds DequantizeLinear of weights too: INT4 files.
  std::optional<double> folded_time_ratio;
  std::string problem;  ///< what the runtime refused, in its words; then the fields above may be empty
};

/// One ONNX file.
struct ArtifactReport {
  std::string name;    ///< "baseline-fp32", "w4a16-qcdq-ptq-opt", "w4a16-qcdq-qat-opt"
  std::string recipe;  ///< empty: the float baseline
  std::string path;    ///< relative to the run directory
  std::int64_t bytes = 0;
  std::string sha256;
  bool loads = false;              ///< in ONNX Runtime
  bool finite = false;             ///< all outputs, on random input
  std::string problem;             ///< why not
  int quantize_nodes = 0;          ///< QuantizeLinear
  int dequantize_nodes = 0;        ///< DequantizeLinear
  std::map<int, int> weight_bits;  ///< bits -> layers
  std::vector<Parity> parity;
  std::optional<Score> score;
  std::optional<RuntimeFacts> runtime;  ///< scored files
  std::optional<Blame> blame;           ///< scored quantised files
};

/// What became of a recipe.
struct RecipeReport {
  std::string name;
  double max_map_drop = 0;
  std::int64_t calibration_images = 0;
  std::int64_t quantized_layers = 0;
  std::vector<std::string> float_layers;    ///< "model.23.dfl.conv: box decode": by design or by a rule
  std::vector<std::string> skipped_layers;  ///< what the recipe asked for and did not get, with the reason
  /// Layers with the bits that were asked for, rounded with less information than the recipe says, with the reason.
  std::vector<std::string> rounded_with_less = {};
};

/// What training a recipe's network came to.
struct TrainingReport {
  std::string recipe;
  std::int64_t steps = 0;
  std::int64_t images = 0, held_out_images = 0;
  bool has_labels = false;                   ///< of the held-out images; else they are judged by the float network's detections
  double initial_score = 0, best_score = 0;  ///< The task's main number on the held-out images, calibrated and as kept
  std::int64_t best_epoch = -1;              ///< from 0; -1: none was better than the start
  bool stopped_early = false;
  std::int64_t rollbacks = 0;  ///< divergences that were answered
  std::string curve_path;      ///< losses and scores by step; relative to the run directory
};

struct GateResult {
  std::string gate;     ///< "artifact_loads", "outputs_finite", "outputs_equal", "twins_equal", "no_layer_skipped",
                        ///< "layers_rounded_with_less", "bad_data", "map_drop",
                        ///< "min_map", or of a metric
  std::string subject;  ///< artifact or recipe
  bool passed = false;
  std::string detail;  ///< found against allowed
  /// Neither passed nor failed: the limit lies within the number's interval, or there are too few images for an interval.
  bool undecided = false;
  std::int64_t images_needed = 0;  ///< about so many scored images would decide it; 0: decided, or no number can be told
};

struct Report {
  std::string status;  ///< "done", "interrupted", "failed"
  std::string model;   ///< "yolov10n"
  Task task = Task::detect;
  std::string head;
  ImageSize image_size = 640;
  std::vector<std::string> data;      ///< one line each: what was calibrated and scored on
  std::vector<std::string> bad_data;  ///< files and labels that were left out, each with its reason
  std::vector<ArtifactReport> artifacts;
  std::vector<TwinReport> twins;
  std::vector<RecipeReport> recipes;
  std::vector<TrainingReport> trainings;
  std::vector<GateResult> gates;
  std::vector<std::string> caveats;
  double seconds = 0;
  std::int64_t resamples = 0;  ///< drawn for intervals; 0: none, so that gates compare numbers as they are

  std::int64_t failed_gates() const {
    std::int64_t failed = 0;
    for (const auto& gate : gates) failed += gate.passed || gate.undecided ? 0 : 1;
    return failed;
  }
  std::int64_t undecided_gates() const {
    std::int64_t undecided = 0;
    for (const auto& gate : gates) undecided += gate.undecided ? 1 : 0;
    return undecided;
  }
  /// No gate failed; some may be undecided.
  bool gates_passed() const { return failed_gates() == 0; }
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The files of one recipe: by calibration alone, or by training from the calibrated state.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nibble/calibration.h"
#include "nibble/image_size.h"
#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/report.h"
#include "nibble/task.h"
#include "nibble/visibility.h"

namespace nibble {

/// What was done to a convolution, and how well it worked.
struct LayerReport {
  std::string name;           ///< The convolution's module path, "model.4.m.0.cv1.conv".
  int weight_bits = 32;       ///< 32: the weights stayed float.
  int activation_bits = 32;   ///< 32: the input stayed float.
  std::string method;         ///< How the weights were rounded: "gptq", "nearest"; "float": they were not.
  double sqnr_db = 0;         ///< Of the weights, in decibels: 10 log10(sum w^2 / sum (w - w')^2); infinite where nothing changed.
  double output_sqnr_db = 0;  ///< The same of the layer's output on the calibration inputs.
  double clipped_share = 0;   ///< Share of the weights that lie at the ends of the code range, 0..1.
  double zeroed_share = 0;    ///< Share of the nonzero weights that became 0, 0..1.
  double damping = 0;         ///< GPTQ: what was added to the diagonal of the input's moments, relative to its mean.
  std::string note;           ///< Why the layer is float, or why a method fell back; empty when all went as the recipe says.
};

/// What mixed bits made of their budget. Of the three limits the one that the recipe or the options gave is there.
struct BudgetReport {
  std::optional<double> allowed_average_bits;     ///< Bits for each weight on average.
  std::optional<std::int64_t> allowed_max_bytes;  ///< Size of the INT4 file, along a trellis of the unpack file.
  std::optional<double> allowed_max_drop;         ///< Points of the task's main number below the float file.
  double average_bits = 0;                        ///< Bits for each weight on average, as chosen.
  std::int64_t raised_layers = 0;                 ///< Layers that were given more bits than the others.
  std::string judge;                              ///< What a drop was measured on, in words; empty: no drop was asked for.
  struct Trial {
    double average_bits = 0;  ///< Bits for each weight on average.
    double drop = 0;          ///< Points of the task's main number below the float file.
  };
  std::vector<Trial> trials;  ///< Files that were scored while bits were chosen, in order.
};

/// How far a quantised network finds again what the float one is sure of, with the float network's detections of a score of at least 0.3
/// as labels. It needs no annotations, and says nothing of what both networks miss.
struct FloatAgreement {
  std::int64_t images = 0;   ///< That both networks ran on: at most 100 spare images of the calibration's source.
  bool is_held_out = false;  ///< No image is one that calibrated; false: all of the source's did, so that the number flatters.
  std::int64_t objects = 0;  ///< Labels on these images; where there are none, the numbers below are -1.
  double map_50_95 = -1;     ///< mAP 50-95 of all detections of the quantised network; 1 for equal ones.
  double map_50 = -1;        ///< At an overlap of 0.5.
};

struct QuantizeOptions {
  std::filesystem::path checkpoint;                ///< An Ultralytics checkpoint (.pt); nothing in it is executed.
  std::filesystem::path output_dir;                ///< The folder to write to; it is made where it is missing.
  std::string recipe;                              ///< A shipped name ("w4a16") or a .yaml file.
  std::string preset = "default";                  ///< How much work: "fast", "default", "best" (which also trains).
  std::filesystem::path calibration;               ///< A folder, a list of paths or a data.yaml; empty: the embedded images.
  std::optional<std::int64_t> calibration_images;  ///< At most so many of them; empty: as many as the recipe says.
  BudgetOptions budget;
  JudgeOptions judge;
  std::string head = "one2many";  ///< What output0 is, as ExportOptions::head.
  /// Height and width of the input in pixels; empty: what the checkpoint was trained at, 640 where it does not say.
  std::optional<ImageSize> image_size;
  std::string target;       ///< The consumer, "tensorrt" and others (nibble::target_names); empty: no particular one.
  std::string dialect;      ///< "qcdq", "int4", "unpack", "integer"; "both": the first two; "all"; empty: both, or the target's.
  int opset = 0;            ///< Of QCDQ files, 13 to 21; 0: 13. Unpack needs 18, the other dialects 21.
  bool resume = false;      ///< With the preset "best": go on with a training that was interrupted.
  std::string on_bad_data;  ///< As DataOptions::on_bad_data, of the calibration images.
  RuntimeOptions runtime;
};

struct QatOptions {
  std::filesystem::path checkpoint;                ///< An Ultralytics checkpoint (.pt); nothing in it is executed.
  std::filesystem::path output_dir;                ///< The folder to write to; it is made where it is missing.
  std::string recipe;                              ///< A shipped name ("w4a8") or a .yaml file.
  std::string preset = "default";                  ///< How much work the calibration is that the training starts from.
  std::filesystem::path data;                      ///< Training images: a folder, a list of paths, a data.yaml or a COCO instances file;
                                                   ///< empty: those of the calibration.
  std::filesystem::path images;                    ///< The folder that file names of a COCO file are relative to.
  std::filesystem::path calibration;               ///< Of the start; empty: the training images, else the embedded ones.
  std::optional<std::int64_t> calibration_images;  ///< At most so many of them; empty: as many as the recipe says.
  BudgetOptions budget;                            ///< Of the calibration that the training starts from.
  JudgeOptions judge;
  std::string head = "one2many";  ///< What output0 is, as ExportOptions::head.
  /// Height and width of the input in pixels; empty: what the checkpoint was trained at, 640 where it does not say.
  std::optional<ImageSize> image_size;
  QatCourse course;
  bool resume = false;      ///< Go on from the folder's snapshot; with the same options the result is that of one piece.
  std::string target;       ///< As QuantizeOptions::target.
  std::string dialect;      ///< As QuantizeOptions::dialect.
  std::string on_bad_data;  ///< As DataOptions::on_bad_data, of training and calibration images.
  RuntimeOptions runtime;
};

/// The files of a recipe, and all that was found out on the way to them.
struct QuantizeResult {
  ImageSize image_size;                     ///< Of the files' input, in pixels.
  RecipeReport recipe;                      ///< Which layers are quantised, float, and skipped against the recipe's wish.
  std::vector<LayerReport> layers;          ///< One for each convolution, in the network's order, float ones included.
  std::optional<BudgetReport> budget;       ///< Of recipes with mixed bits.
  std::optional<CalibrationCheck> images;   ///< What the calibration images are worth; measured on 32 of them.
  std::optional<FloatAgreement> agreement;  ///< What the numbers of the files are worth, as they were made.
  std::optional<TrainingReport> training;   ///< Of `train`, and of `quantize` with the preset "best".
  std::vector<ArtifactReport> files;        ///< One for each file; the paths are in the output folder. Scores are not measured here.
  std::vector<TwinReport> twins;            ///< Pairs of the files, compared integer by integer.
  std::vector<std::string> bad_data;        ///< Images and labels that were left out, each with its reason.
  std::filesystem::path layers_file;        ///< The same layers as JSON (docs/formats.md).
  Task task = Task::detect;                 ///< Of the model; it decides what a training is judged by.
};

/// Quantises after training: calibrates, rounds, writes the files, proves that they hold the same integers and runs each of them once. A
/// file that the runtime refuses, or that answers with numbers that are not finite, is a row of the result; everything else that goes
/// wrong is thrown as an Error.
NIBBLE_EXPORT QuantizeResult quantize(const QuantizeOptions& options, Progress& progress);

/// Trains from the calibrated state and never ends below it on the held-out images; then as `quantize`. Interrupted, it leaves a snapshot
/// that QatOptions::resume goes on from. Of several processes that train together (the variables of torchrun say so) only the first one
/// writes; `files` is empty in the others.
NIBBLE_EXPORT QuantizeResult train(const QatOptions& options, Progress& progress);

}  // namespace nibble

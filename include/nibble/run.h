// SPDX-License-Identifier: Apache-2.0
// The commands of nibble as functions: options in, result out. Each throws nibble::Error.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "nibble/progress.h"
#include "nibble/report.h"

namespace nibble {

/// Where and how networks are executed.
struct RuntimeOptions {
  int threads = 0;               ///< 0: the cores
  std::uint64_t seed = 0;        ///< of everything random
  std::string provider = "cpu";  ///< cpu or cuda; asked for and missing is an error
  bool allow_cpu_fallback = false;
  std::map<std::string, std::string> session_options =
      {};  ///< of ONNX Runtime, its session config entries: {"session.disable_quant_qdq", "1"}
};

/// Which images are scored, against what.
struct DataOptions {
  std::filesystem::path images;            ///< folder the annotations' file names are relative to
  std::filesystem::path annotations;       ///< COCO instances_*.json, or a YOLO data.yaml
  std::optional<std::int64_t> max_images;  ///< the first by ascending id; empty: all (run: 100)
  std::filesystem::path image_ids_list;
};

/// How detections are taken from outputs.
struct DetectOptions {
  double confidence = 0.001;
  double iou = 0.7;
  std::int64_t max_detections = 300;
};

/// What the bits of a network may cost, in the place of what the recipe says; one of the first two at most.
struct BudgetOptions {
  std::optional<std::int64_t> max_bytes;  ///< of the file in the INT4 dialect, computing in FP32
  std::optional<double> max_drop;         ///< points of mAP 50-95 below the float file, on images that judge
};

/// Images that max_drop is measured on.
struct JudgeOptions {
  std::filesystem::path data;    ///< a folder, a list of paths, a data.yaml, a COCO file; empty: the calibration images
  std::filesystem::path images;  ///< folder the COCO file's names are relative to
};

/// How a network is trained.
struct QatCourse {
  std::int64_t steps = 600;
  std::int64_t epochs = 0;  ///< not 0: so many instead of steps
  std::int64_t batch = 4;
  std::int64_t held_out = 0;    ///< images not trained on; what is best on them is kept. 0: a quarter, at most 100
  double rate = 2;              ///< times the learning rates
  double label_weight = 0;      ///< of the detection loss on labels, beside imitation of the float network
  double imitation_weight = 1;  ///< 0: labels alone
  double augment = 0.5;         ///< strength of augmentation: 0 none (but flips), 1 Ultralytics'
  std::int64_t patience = 0;    ///< scorings without a new best until it stops; 0: never
};

struct RunOptions {
  std::filesystem::path checkpoint;  ///< empty: the embedded default
  std::vector<std::string> recipes = {"w4a16", "w4a8"};
  std::string preset = "default";     ///< how much work: fast, default, best
  std::filesystem::path calibration;  ///< folder or list; empty: the embedded images
  std::optional<std::int64_t> calibration_images;
  BudgetOptions budget;              ///< of each recipe
  std::vector<std::string> qat;      ///< which of the recipes are also trained
  std::filesystem::path qat_data;    ///< training images, as QatOptions::data; empty: the calibration images
  std::filesystem::path qat_images;  ///< folder a COCO file's names are relative to
  QatCourse qat_course;
  DataOptions data;  ///< empty: the embedded images; without max_images and image_ids_list, the first 100 are scored
  std::string head = "one2many";
  std::int64_t image_size = 640;
  std::filesystem::path runs_dir;  ///< empty: tmp/<model>_brevitas_w4a8_w4a16
  std::string run_id;              ///< empty: UTC time
  std::filesystem::path gates;     ///< limits other than the recipes'
  bool resume = false;
  bool smoke = false;                ///< random input through every artefact, nothing scored
  bool reference = false;            ///< score with the runtime's optimisations off as well
  std::vector<std::string> command;  ///< argv, for the manifest
  RuntimeOptions runtime;
};
struct RunResult {
  std::filesystem::path directory;
  Report report;
  std::string summary;  ///< the text of summary.md
};
RunResult run(const RunOptions& options, Progress& progress);

struct ExportOptions {
  std::filesystem::path checkpoint;
  std::filesystem::path output;
  std::string head = "one2many";
  std::int64_t image_size = 640;
  bool half = false;
  bool half_io = false;    ///< with half: input and output are FP16 too
  int opset = 0;           ///< 0: 13; 13..21
  std::int64_t batch = 1;  ///< -1: dynamic
};
/// Writes the float baseline; returns one line about it.
std::string export_baseline(const ExportOptions& options);

struct QuantizeOptions {
  std::filesystem::path checkpoint;
  std::filesystem::path output_dir;
  std::string recipe;
  std::string preset = "default";  ///< how much work: fast, default, best
  std::filesystem::path calibration;
  std::optional<std::int64_t> calibration_images;
  BudgetOptions budget;
  JudgeOptions judge;
  std::string head = "one2many";
  std::int64_t image_size = 640;
  std::string dialect = "both";  ///< qcdq, int4, unpack, integer; both: the first two; all
  int opset = 0;                 ///< of QCDQ files: 13..21, 0: 13; unpack needs 18, the others 21
  bool resume = false;           ///< preset best: go on with an interrupted training
  RuntimeOptions runtime;
};
/// Writes the files of one recipe; returns what to show.
std::string quantize(const QuantizeOptions& options, Progress& progress);

struct CleanOptions {
  std::filesystem::path input;
  std::filesystem::path output;
  bool own_initialisers = false;  ///< initialisers that are listed as inputs as well become plain constants
  bool strip = false;             ///< drop doc strings and the shapes of inner values
  bool narrow_constants = false;  ///< large constants that fit exactly are stored as bytes or float16, with a Cast behind
  bool json = false;              ///< the result as JSON
  RuntimeOptions runtime;         ///< of the check that the outputs are equal
};
/// Writes the cleaned form of any ONNX file, after running both on the same random input: Error(internal), and nothing written,
/// when the outputs differ in a bit. Returns what to show, also whether the file could be run.
std::string clean(const CleanOptions& options);

struct QatOptions {
  std::filesystem::path checkpoint;
  std::filesystem::path output_dir;
  std::string recipe;
  std::string preset = "default";  ///< of the calibration it starts from
  std::filesystem::path
      data;  ///< training images: a folder, a list of paths, a data.yaml, or a COCO instances file; empty: those of the calibration
  std::filesystem::path images;       ///< folder the COCO file's names are relative to
  std::filesystem::path calibration;  ///< of the start; empty: the training images, else the embedded ones
  std::optional<std::int64_t> calibration_images;
  BudgetOptions budget;  ///< of the calibration it starts from
  JudgeOptions judge;
  std::string head = "one2many";
  std::int64_t image_size = 640;
  QatCourse course;
  bool resume = false;
  std::string dialect = "both";
  RuntimeOptions runtime;
};
/// Trains from the calibrated state, never ends below it, writes the files of one recipe; returns what to show.
std::string train(const QatOptions& options, Progress& progress);

/// What a .pt or .onnx file holds, as text or JSON.
std::string inspect(const std::filesystem::path& file, bool json);

struct EvalOptions {
  std::filesystem::path model;
  DataOptions data;
  DetectOptions detect;
  bool optimize = true;
  bool skip_latency = false;
  std::filesystem::path json;             ///< metrics.json to write
  std::filesystem::path save_detections;  ///< pycocotools result file to write
  RuntimeOptions runtime;
};
/// Returns the COCO numbers as text.
std::string evaluate(const EvalOptions& options, Progress& progress);

struct ProfileOptions {
  std::vector<std::filesystem::path> models;  ///< ratios are against the first
  std::filesystem::path images;  ///< folder or list: the first 4 are compared, the first is timed; empty or "random": random input
  std::int64_t runs = 30;        ///< timed runs of each, in turns
  std::filesystem::path json;    ///< to write
  RuntimeOptions runtime;
};
/// What the runtime makes of files: agreement between optimisation levels, times against each other, what ran where.
std::string profile(const ProfileOptions& options, Progress& progress);

struct ScoreOptions {
  std::filesystem::path detections;
  DataOptions data;
  std::filesystem::path json;
};
std::string score(const ScoreOptions& options);

struct CompareOptions {
  std::filesystem::path a;          ///< the measure, usually the float baseline
  std::filesystem::path b;          ///< what is judged by it
  DataOptions data;                 ///< images without annotations will do; neither: the embedded images; without max_images, the first 100
  double confidence = 0.25;         ///< what counts as an object in the counts
  std::int64_t tensor_images = 16;  ///< for layers and parts; 0: detections only
  bool parts = true;                ///< try the parts of B unquantised
  bool all_layers = false;          ///< in the text; JSON has them always
  std::filesystem::path json;       ///< the whole comparison to write
  RuntimeOptions runtime;
};
/// Where and how two files of the same detector differ, as text.
std::string compare(const CompareOptions& options, Progress& progress);

/// What this machine has and what is missing.
struct Diagnosis {
  std::string text;
  bool complete = false;  ///< everything `provider` needs is there
};
Diagnosis doctor(const std::string& provider);

/// nibble, LibTorch, ONNX Runtime, OpenCV, one line each; a missing one says so.
std::string versions_text();

}  // namespace nibble

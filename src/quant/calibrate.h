// SPDX-License-Identifier: Apache-2.0
// Post-training quantisation: a float Graph and calibration images in, a quantised Graph and one row per layer out.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/device.h"
#include "base/progress.h"
#include "graph/graph.h"
#include "quant/bits/bit_budget.h"
#include "quant/bits/bit_search.h"
#include "quant/recipe.h"

namespace nibble {

class Processes;

/// What was done to a convolution, and how well it worked.
struct LayerStat {
  std::string node;
  int weight_bits = 32;      ///< 2..8; 32 where it stayed float
  int activation_bits = 32;  ///< of its input: 8; 32 where that stayed float
  std::string method;        ///< how its codes were chosen: "gptq" or "nearest"; "float" where there are none
  /// Signal to quantisation noise of the weights, 10 log10(sum w^2 / sum (w - w')^2) in decibels; infinite without noise.
  double sqnr_db = 0;
  /// The same ratio of the layer's output as exported, on the calibration inputs: 10 log10(sum var(y) / sum E[(y - y')^2]).
  double output_sqnr_db = 0;
  double clipped = 0;  ///< fraction of weights whose code is the lowest or the highest, 0..1
  double zeroed = 0;   ///< number of weights that were not 0 and became 0, as a fraction of all weights, 0..1
  /// With mixed bits: the head's divergence (quant/statistics/head_loss.h) per detection when only this layer is quantised, to the recipe's
  /// bits and to mixed.high_bits. Empty where it was not measured.
  std::optional<double> low_damage, high_damage;
  double damping = 0;  ///< the part of the Hessian's mean diagonal that was added to it: the recipe's, or more where it had to be raised
  std::string note;    ///< why the layer is float, or what was done otherwise than the recipe says; empty where nothing was
};

/// The choice of bits that was made under the budget of mixed bits.
struct ChosenBits {
  BitFrontPoint point;           ///< its damage is NaN where the recipe's bits everywhere kept the budget, so that nothing was measured
  std::vector<BitTrial> trials;  ///< with mixed.max_drop: the choices that were tried, in the order of trying
  std::string judge;             ///< with mixed.max_drop: what the drop was measured on, as a phrase for the report
};

struct CalibrationResult {
  Graph graph;                    ///< quantised; values of the baseline keep their ids
  std::vector<LayerStat> layers;  ///< every convolution, in graph order, float ones included
  std::int64_t images = 0;        ///< how many it was calibrated on, views of an image counted each
  /// With mixed bits: the best predicted damage for each number of raised layers, and the choice among these. Empty without a budget.
  std::vector<BitFrontPoint> front;
  std::optional<ChosenBits> chosen;
};

/// Where calibration images come from. `load(first, count)` returns images first .. first + count - 1 as f32 [count,3,H,W], RGB in 0..1. It
/// is called several times for the same range and must return the same pixels each time.
struct CalibrationImages {
  std::int64_t count = 0;
  std::function<Tensor(std::int64_t first, std::int64_t count)> load;
};

/// The values of the graph that hold the head's logits, before DFL and sigmoid. Where `classes` is not given (-1), every error of a layer's
/// outputs is taken to matter equally, and mixed bits are refused. The other parts are -1 where the head does not have them: a detector has
/// boxes and classes, a classifier classes alone, others boxes, classes and one thing more.
struct HeadLogits {
  ValueId boxes = -1;                   ///< [B,4*bins,A], side by side; 1 bin: the distance itself
  ValueId classes = -1;                 ///< [B,nc,A]; of a classifier [B,nc]
  ValueId mask_coefficients = -1;       ///< [B,nm,A]
  ValueId prototypes = -1;              ///< with masks: [B,nm,h,w]
  ValueId mask_areas = -1;              ///< with masks, [B,4,A]: the decoded boxes, in input pixels
  bool mask_areas_are_corners = false;  ///< x1,y1,x2,y2; else cx,cy,w,h
  double prototype_step = 4;            ///< input pixels for each cell of a prototype
  ValueId keypoints = -1;               ///< [B,number*keypoint_values,A]: offsets and visibility logits of each keypoint in turn
  std::int64_t keypoint_values = 0;     ///< 2 (x, y) or 3 (x, y, visibility)
  double keypoint_step = 1;             ///< cells for each unit of an offset
  ValueId angles = -1;                  ///< [B,1,A], in radians
};

/// What recipes that are calibrated on the same images of one network have in common, kept by the caller from one to the next.
struct KeptStatistics {
  std::string of;                         ///< all that decides them
  std::string recipe;                     ///< the recipe that they were computed for
  std::shared_ptr<const void> gradients;  ///< of the head (quant/statistics/output_fisher.h), a type of the LibTorch module
};

/// The loops over images that several processes share. The layers' statistics and the rounding are process 0's alone.
enum class SharedLoop {
  gradients,  ///< of the head (quant/statistics/output_fisher.h)
  damages     ///< of mixed bits (quant/bits/sensitivity.h)
};

struct CalibrateOptions {
  Recipe recipe;
  HeadLogits head;
  int threads = 0;  ///< how many threads compute; 0 for as many as there are cores
  std::uint64_t seed = 0;
  /// The device that computes the head's gradients and the damages of mixed bits. Statistics of layers and rounding stay on the CPU.
  ComputeDevice device = {};
  /// Where given, statistics are taken from it that fit, and put there when they were computed; `source` then tells this network and these
  /// images from others.
  KeptStatistics* kept = nullptr;
  std::string source = {};
  /// The processes that share loops over images, null where there is one; what calls the others to a loop, for process 0: each of them then
  /// calls help_to_calibrate with the same network, images and options.
  Processes* processes = nullptr;
  std::function<void(SharedLoop)> call_others = nullptr;
  /// Returns the size in bytes of the INT4 file of a quantised graph. Needed with mixed.max_bytes, else not called.
  std::function<std::int64_t(const Graph&)> file_bytes = nullptr;
  /// Returns how many points (0..100) of the task's main number the exported file of a quantised graph loses. Needed with mixed.max_drop,
  /// else not called.
  std::function<double(const Graph&)> drop = nullptr;
  std::string drop_number = "mAP 50-95";  ///< how texts call that number: "mask mAP 50-95", "top-1"
};

/// Quantises `baseline` as the recipe says. The same images, recipe and seed give the same result bit for bit on the CPU.
/// Error(environment) where `device` is a GPU and there is none, Error(input) without images or with a budget that cannot be kept,
/// Error(numeric) naming the layer on non-finite statistics.
CalibrationResult calibrate(const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options, Progress& progress);

/// In the other processes: takes part in a loop that process 0 has called to. Errors of it are thrown in process 0.
void help_to_calibrate(SharedLoop loop, const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options);

/// LibTorch's version and the devices it can compute on, for `doctor` and the manifest.
struct TorchInfo {
  std::string version;
  bool has_cuda = false;         ///< whether this LibTorch was built with CUDA
  int gpus = 0;                  ///< how many GPUs it sees
  std::string missing_for_cuda;  ///< what keeps it from computing on a GPU, and what to do about it; empty where nothing does
  std::string blas;              ///< the linear algebra library it was built with
};
TorchInfo torch_info();

}  // namespace nibble

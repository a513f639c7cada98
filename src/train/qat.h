// SPDX-License-Identifier: Apache-2.0
// Quantisation-aware training: makes of a calibrated graph one whose codes, scales and biases were learned together.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/device.h"
#include "comm/processes.h"
#include "data/training_loader.h"
#include "graph/graph.h"
#include "quant/calibrate.h"
#include "train/fit_options.h"

namespace nibble {

/// The head, whose values have the same ids in both graphs.
struct QatHead {
  HeadLogits logits;                     ///< all that is imitated (quant/statistics/head_loss.h); labels need boxes and classes
  std::vector<std::int64_t> strides_px;  ///< of the levels of anchors, in the order in which they lie along A
  bool is_one2one = false;               ///< true: an object is learned by one anchor; false: by up to 10
};

/// Where batches come from. All have images of one size. Where several processes train together, `next` returns this one's share of the
/// batch, which may be empty. The functions are called in the caller's thread; start_epoch as FitProblem::start_epoch (train/fit.h).
struct QatData {
  std::int64_t steps_per_epoch = 1;
  std::function<void(std::int64_t epoch, std::int64_t first_step)> start_epoch;
  std::function<TrainingBatch()> next;
};

struct QatSettings {
  FitOptions fit;
  bool latents_are_weights = false;  ///< true: latents start at the float weights (Net::start_from_weights); false: at the calibrated codes
  // Adam's learning rates at the schedule's peak. A rate of 0 leaves these parameters as they are.
  double weight_rate = 0;      ///< of latents, in steps of the weight's scale
  double scale_rate = 0;       ///< of the logarithm of the weights' scales
  double activation_rate = 0;  ///< of the logarithm of the activations' scales
  double bias_rate = 0;        ///< of biases, as a fraction of the root mean square of the layer's biases
  // Weights of the parts of the loss. A weight of 0 leaves the part out.
  double class_weight = 0;        ///< divergence from the float network's class scores, per detection; of a classifier per image
  double box_weight = 0;          ///< divergence from the rest of its head: boxes, masks, keypoints, angles; per detection
  double feature_weight = 0;      ///< relative squared error of the quantised convolutions' outputs
  std::int64_t forced_steps = 0;  ///< steps in which the share of the float network's inputs falls from 1 to 0 (TeacherForcing, exec/net.h)
  double label_weight = 0;        ///< the detection loss on the labels; of detectors alone
  std::int64_t images_at_once = 4;  ///< how many images go through the networks at once: memory grows with this, not with the batch
  int threads = 0;                  ///< how many threads compute; 0 for as many as there are cores
  ComputeDevice device;             ///< the device that computes; graphs, scores and snapshots stay in the CPU's memory
  std::shared_ptr<Processes> processes =
      std::make_shared<Processes>();  ///< the processes that train together, each on its share of a batch
};

struct QatResult {
  Graph graph;
  FitResult fit;
};

/// Trains `quantized`, which calibration made of `baseline`; values have the same ids in both. `score` returns how good a quantised graph
/// is, higher is better; by it the result is never worse than `quantized`. On one thread of a CPU the same arguments give the same result
/// bit for bit, whether the run was resumed or not; on a GPU they do so except for rounding. Several processes make the same updates as one
/// would on the whole batches, except for rounding, and only the first calls `score`. Errors as those of fit (train/fit.h);
/// Error(environment) where `device` is a GPU and there is none, or its memory does not suffice.
QatResult train_quantized(const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data,
                          const std::function<double(const Graph&)>& score, const QatSettings& options, const FitObserver& observer);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Quantisation-aware training: from a calibrated graph to one whose codes, scales and biases were learned together.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/device.h"
#include "comm/processes.h"
#include "data/training_loader.h"
#include "graph/graph.h"
#include "train/fit_options.h"

namespace nibble {

/// Where the detection head's logits stand in both graphs, before DFL and sigmoid.
struct QatHead {
  ValueId boxes = -1;                    ///< [B,4*bins,A], side-major
  ValueId classes = -1;                  ///< [B,nc,A]
  std::vector<std::int64_t> strides_px;  ///< of the anchors, in their order
  bool is_one2one = false;               ///< decides how many anchors an object gets: 1, else 10
};

/// Batches of one size of image, or this process's share of them; the functions run in the caller's thread.
struct QatData {
  std::int64_t steps_per_epoch = 1;
  std::function<void(std::int64_t epoch, std::int64_t first_step)> start_epoch;
  std::function<TrainingBatch()> next;
};

struct QatSettings {
  FitOptions fit;
  bool latents_are_weights = false;  ///< LSQ from the float weights: codes follow the scales; else latents are the calibrated codes
  double weight_rate = 0;            ///< in steps of the weight's scale
  double scale_rate = 0;             ///< of the logarithm of the weights' scales
  double activation_rate = 0;        ///< of the logarithm of the activations' scales
  double bias_rate = 0;              ///< in parts of the layer's bias (root mean square)
  double class_weight = 0;           ///< imitation of the float network's class scores, per detection
  double box_weight = 0;             ///< and of its box distributions, per detection
  double feature_weight = 0;         ///< and of the quantised convolutions' outputs
  std::int64_t forced_steps = 0;     ///< in which the share of the float network's inputs falls from 1 to 0 (exec/net.h, TeacherForcing)
  double label_weight = 0;           ///< the detection loss on the labels; heads with kBoxBins bins only
  std::int64_t images_at_once = 4;   ///< through the networks: memory grows with them, not with the batch
  int threads = 0;                   ///< 0: the cores
  ComputeDevice device;              ///< that computes; memory of scores and files is the CPU's
  std::shared_ptr<Processes> processes = std::make_shared<Processes>();  ///< that train together, each on its share of a batch
};

struct QatResult {
  Graph graph;
  FitResult fit;
};

/// `quantized`: what calibration made of `baseline`; values keep their ids between the two. `score`: of a quantised graph, higher
/// is better; the result is never worse than `quantized` by it. The same arguments give the same bits on one thread of a CPU, in one
/// piece or resumed; also on another device, but then not to the bit. Several processes make the updates one would make of the whole
/// batches, but for rounding; only the first scores. Errors as fit's (train/fit.h); Error(environment) where `device` is a GPU and there is
/// none, or its memory does not suffice.
QatResult train_quantized(const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data,
                          const std::function<double(const Graph&)>& score, const QatSettings& options, const FitObserver& observer);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Post-training quantisation: a float Graph and calibration images in, a quantised Graph and one row per layer out.
#pragma once
#include <cstdint>
#include <functional>
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

/// What was done to a convolution, and how well it worked.
struct LayerStat {
  std::string node;
  int weight_bits = 32;
  int activation_bits = 32;
  std::string method;         ///< "gptq", "nearest", "float"
  double sqnr_db = 0;         ///< of the weights: 10 log10(sum w^2 / sum (w - w')^2)
  double output_sqnr_db = 0;  ///< of the layer's output as exported, on the calibration inputs: 10 log10(sum var(y) / sum E[(y - y')^2])
  double clipped = 0;         ///< fraction of weights at the ends of the code range
  double zeroed = 0;          ///< fraction of nonzero weights that became 0
  std::optional<double> low_damage, high_damage;  ///< mixed precision: the head's divergence with this layer alone at few and at many bits
  double damping = 0;                             ///< GPTQ: what the Cholesky factorisation finally needed
  std::string note;                               ///< why a layer is float or a method fell back; empty when all went as the recipe says
};

/// What mixed precision made of its budget.
struct ChosenBits {
  BitFrontPoint point;           ///< damage: NaN where few bits everywhere were enough, and nothing was measured
  std::vector<BitTrial> trials;  ///< max_drop: in order
  std::string judge;             ///< max_drop: what the drop was measured on, in words
};

struct CalibrationResult {
  Graph graph;
  std::vector<LayerStat> layers;  ///< every convolution, in graph order, float ones included
  std::int64_t images = 0;
  std::vector<BitFrontPoint> front;  ///< mixed precision: predicted damage over average bits
  std::optional<ChosenBits> chosen;  ///< mixed precision
};

/// Delivers calibration images as f32 [B,3,S,S] in 0..1: `load(first, count)`; may be called many times for the same range.
struct CalibrationImages {
  std::int64_t count = 0;
  std::function<Tensor(std::int64_t first, std::int64_t count)> load;
};

/// Values of the graph in which the detection head's logits stand, before DFL and sigmoid. Without them (-1) all outputs of a layer count
/// alike, and there can be no mixed bits.
struct HeadLogits {
  ValueId boxes = -1;    ///< [B,kBoxLogits,A], side by side
  ValueId classes = -1;  ///< [B,nc,A]
};

struct CalibrateOptions {
  Recipe recipe;
  HeadLogits head;
  int threads = 0;  ///< 0: the cores
  std::uint64_t seed = 0;
  /// Computes the head's gradients and what mixed bits measure; the layers' statistics and their rounding are the CPU's.
  ComputeDevice device = {};
  std::function<std::int64_t(const Graph&)> file_bytes = nullptr;  ///< of a quantised graph's INT4 file; for mixed.max_bytes
  std::function<double(const Graph&)> drop = nullptr;              ///< points of mAP 50-95 it loses, as exported; for mixed.max_drop
};

/// The same images, recipe and seed give the same bits on the CPU. Error(environment) where `device` is a GPU and there is none,
/// Error(input) without images or with a budget that cannot be kept, Error(numeric) naming the layer on non-finite statistics.
CalibrationResult calibrate(const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options, Progress& progress);

/// LibTorch's version and what it can compute on, for `doctor` and the manifest.
struct TorchInfo {
  std::string version;
  bool has_cuda = false;         ///< is built in
  int gpus = 0;                  ///< seen
  std::string missing_for_cuda;  ///< what keeps it from computing on a GPU, and what to do; empty: nothing
  std::string blas;
};
TorchInfo torch_info();

}  // namespace nibble

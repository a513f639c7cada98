// SPDX-License-Identifier: Apache-2.0
// Recipe: everything that decides how a model is quantised, as plain data. Text form: recipes/*.yaml, docs/quantization.md.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "graph/quant_params.h"

namespace nibble {

enum class ScaleSearch { max, mse, output_mse };  ///< output_mse: weighted by the input's second moments
enum class Rounding { nearest, gptq };
enum class RangeMethod { minmax, percentile, mse };

struct WeightRecipe {
  int bits = 4;  ///< 2..8
  Granularity granularity = Granularity::channel;
  std::int64_t block = 32;  ///< Granularity::block: input channels per scale (16, 32)
  bool narrow = false;
  ScaleSearch scale_search = ScaleSearch::output_mse;
  Rounding rounding = Rounding::gptq;
  double damping = 0.1;           ///< of the Hessian's mean diagonal, added to it: for GPTQ and for the target
  bool error_propagation = true;  ///< layers in order, on inputs as the quantised network has them; false: the float network's
  double target_correction = 1;   ///< 0..1: how much of the least-squares repair of the input's errors goes into the target
  double importance = 0.9;        ///< 0..1: part of a layer's samples drawn where the head notices its errors (quant/output_fisher.h)
  bool couple_channels = true;    ///< errors of output channels make up for each other (quant/coupled_rows.h)
  bool symmetric = false;         ///< zero point 0; else one for each scale, with fewer than 8 bits
  bool restore_gain = true;       ///< rescale each channel so that its output follows the float output with slope 1
};
struct ActivationRecipe {
  int bits = 0;  ///< 0: float activations (A16/A32); 8
  RangeMethod range = RangeMethod::mse;
  double percentile = 99.99;  ///< of the values, of |x| when symmetric; RangeMethod::percentile
  bool symmetric = false;     ///< zero point 0, as some compilers demand; else the range need not be centred on 0
};
/// The first rule whose glob ('*', '?') matches a convolution's name decides.
struct LayerRule {
  std::string match;
  bool keep_float = false;
  std::optional<int> weight_bits;
  std::optional<int> activation_bits;
};
constexpr std::int64_t kCalibrationImages = 200;  ///< CalibrationRecipe::images where neither recipe nor preset says
struct CalibrationRecipe {
  std::optional<std::int64_t> images;  ///< at most so many are used; empty: as the preset says, else kCalibrationImages
  std::optional<std::int64_t> views;   ///< of each: itself, then mirrored, scaled and moved; empty: as the preset says, else 1
  std::int64_t batch = 4;
};
/// How the network follows the float network's head: what its errors count (also in calibration, quant/output_fisher.h), and in training
/// Adam's rates at their peak; 0 leaves the parameter as it is.
struct DistillationRecipe {
  double code_rate = 0;                              ///< of the latent weights, in steps of their scale; 0.003 turns codes within 200 steps
  double scale_rate = 2e-4, activation_rate = 1e-4;  ///< of the logarithm of weight and activation scales
  double bias_rate = 6e-4;                           ///< of biases, relative to their root mean square in the layer
  double class_weight = 1, box_weight = 20;          ///< of the divergences of class scores and box distributions, per detection
  double feature_weight = 5;                         ///< of the mean relative squared error of the convolutions' outputs
  double teacher_forcing = 0;                        ///< part of the steps in which layers read, less and less, the float network's inputs
};
constexpr std::int64_t kMixedImages = 16;  ///< MixedRecipe::images where neither recipe nor preset says
/// Layers whose few bits hurt the detections most get more of them (quant/mixed_bits.h), under one budget at most; none: every layer as
/// `weights` says.
struct MixedRecipe {
  double average_bits = 0;             ///< at most so many over all quantised weights; 0: no such budget
  std::int64_t max_bytes = 0;          ///< at most so large a file in the INT4 dialect, computing in FP32; 0: no such budget
  double max_drop = 0;                 ///< the fewest bits that lose at most so many points of mAP 50-95; 0: no such budget
  int high_bits = 8;                   ///< of the layers that get more
  std::optional<std::int64_t> images;  ///< on which each layer's damage is measured; empty: as the preset says, else kMixedImages
  bool is_on() const { return average_bits > 0 || max_bytes > 0 || max_drop > 0; }
};
struct Recipe {
  std::string name;
  MixedRecipe mixed;
  DistillationRecipe distillation;
  WeightRecipe weights;
  ActivationRecipe activations;
  std::vector<LayerRule> rules;
  CalibrationRecipe calibration;
  bool bias_correction = true;
  bool fp16_files = true;     ///< A16 only: also write the FP16-compute files
  double max_map_drop = 0.1;  ///< gate: baseline mAP_50_95 minus this recipe's
};

/// Error(input) naming file, key path, value and what is allowed; unknown keys are errors.
Recipe parse_recipe(const Json& json, const std::string& source);
/// A shipped name ("w4a16") looked up in the recipes folder, or a path to a .yaml. Error(usage) listing the shipped names.
Recipe load_recipe(const std::string& name_or_path);
/// How many images calibration uses, at most.
std::int64_t images_wanted(const Recipe& recipe);
std::int64_t views_wanted(const Recipe& recipe);
/// With every default written out.
Json to_json(const Recipe& recipe);
/// Glob with '*' and '?'; no other special characters.
bool matches(const std::string& glob, const std::string& name);

}  // namespace nibble

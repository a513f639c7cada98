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

/// How the first scale of a row is chosen: by its largest weight, by the least squared error of the weights after nearest rounding, or by
/// that error weighted with the second moments of the layer's inputs.
enum class ScaleSearch { max, mse, output_mse };
/// How codes are numbered: each by itself on a uniform grid, or along a trellis (graph/trellis.h).
enum class WeightCode { uniform, trellis };
enum class Rounding { nearest, gptq };
/// How an activation's range is chosen (quant/statistics/activation_range.h).
enum class RangeMethod { minmax, percentile, mse };

struct WeightRecipe {
  int bits = 4;  ///< 2..8; of a trellis 3 to 5
  WeightCode code = WeightCode::uniform;
  Granularity granularity = Granularity::channel;
  std::int64_t block = 32;   ///< with Granularity::block: how many input channels share a scale, 16 or 32
  bool narrow = false;       ///< whether the lowest code is left out (-7..7 for 4 bits)
  bool reduce_range = true;  ///< whether 8-bit weights behind 8-bit activations stay in -64..63 (graph/quant_params.h)
  ScaleSearch scale_search = ScaleSearch::output_mse;
  Rounding rounding = Rounding::gptq;
  double damping = 0.1;           ///< this part of the Hessian's mean diagonal is added to its diagonal, for GPTQ and for the target
  bool error_propagation = true;  ///< layers see inputs as the layers quantised before them make them; false: those of the float network
  double target_correction = 1;   ///< 0..1: how much of the least-squares repair of the input's errors goes into the target
  double importance = 0.9;        ///< 0..1: at most this part of a layer's samples is drawn where the head notices errors (output_fisher.h)
  bool couple_channels = true;    ///< whether errors of output channels make up for each other (rounding/coupled_rows.h)
  bool symmetric = false;         ///< whether zero points are 0; else each scale has one, where weights have fewer than 8 bits
  bool restore_gain = true;       ///< whether scales are corrected so that each channel follows the float output with slope 1
};
struct ActivationRecipe {
  int bits = 0;  ///< 8, or 0 where activations stay float
  RangeMethod range = RangeMethod::mse;
  double percentile = 99.99;  ///< with RangeMethod::percentile: the percentile of the values, or of |x| where symmetric
  bool symmetric = false;     ///< whether the zero point is 0, as some compilers demand; else the range need not be centred on 0
};
/// An exception for some convolutions. The first rule whose glob ('*', '?') matches a convolution's name decides.
struct LayerRule {
  std::string match;                   ///< glob on the name of the convolution's node
  bool keep_float = false;             ///< true: neither weights nor input are quantised
  std::optional<int> weight_bits;      ///< empty: as the recipe says
  std::optional<int> activation_bits;  ///< 8, or 0 for a float input; empty: as the recipe says
};
constexpr std::int64_t kCalibrationImages = 200;  ///< CalibrationRecipe::images where neither the recipe nor a preset sets it
struct CalibrationRecipe {
  std::optional<std::int64_t> images;  ///< at most this many are used; empty: as the preset says, else kCalibrationImages
  std::optional<std::int64_t> views;   ///< of each image: itself, then mirrored, scaled and moved; empty: as the preset says, else 1
  std::int64_t batch = 4;              ///< how many images go through the network at once
};
/// How a network is made to follow the float network's head: how much its errors count, also in calibration (statistics/output_fisher.h),
/// and in training the peak learning rates of Adam. A rate of 0 leaves the parameters as they are.
struct DistillationRecipe {
  double code_rate = 0;  ///< rate of latent weights, in steps of their scale; at 0.003 codes change within 200 steps
  double scale_rate = 2e-4, activation_rate = 1e-4;  ///< rates of the logarithms of weight and activation scales
  double bias_rate = 6e-4;                           ///< rate of biases, relative to their root mean square in the layer
  double class_weight = 1, box_weight = 20;          ///< weights of the divergences of class scores and box distributions, per detection
  double feature_weight = 5;                         ///< weight of the mean relative squared error of the convolutions' outputs
  double teacher_forcing = 0;  ///< 0..1: part of the steps in which layers read the float network's inputs, with a falling share
};
constexpr std::int64_t kMixedImages = 16;  ///< MixedRecipe::images where neither the recipe nor a preset sets it
/// Mixed bits (quant/bits/mixed_bits.h): those layers get more bits whose few bits hurt the detections most, under a budget. At most one of
/// the three budgets is set; without one every layer gets the bits that `weights` says.
struct MixedRecipe {
  double average_bits = 0;  ///< bits per weight, at most, averaged over all quantised weights; 0: no such budget
  std::int64_t max_bytes =
      0;                ///< size in bytes, at most, of the file that computes in FP32 (INT4, along a trellis unpack); 0: no such budget
  double max_drop = 0;  ///< points of the task's main number that may be lost; the fewest bits are chosen; 0: no such budget
  int high_bits = 8;    ///< bits of the layers that get more
  std::optional<std::int64_t> images;  ///< how many images damages are measured on; empty: as the preset says, else kMixedImages
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
  bool score_correction = false;  ///< whether scores are mapped to mean what they mean in the float network (score_correction.h)
  std::string target;             ///< the consumer that the files are for (quant/target.h); empty: no particular one
  bool fp16_files = true;         ///< with float activations: whether the files that compute in FP16 are written too
  double max_map_drop = 0.1;      ///< gate: baseline mAP_50_95 minus this recipe's, 0..1
};

/// Error(input) naming file, key path, value and what is allowed; unknown keys are errors.
Recipe parse_recipe(const Json& json, const std::string& source);
/// A shipped name ("w4a16") looked up in the recipes folder, or a path to a .yaml. Error(usage) listing the shipped names.
Recipe load_recipe(const std::string& name_or_path);
/// How many images calibration uses at most, and how many views of each, where the recipe may leave it open.
std::int64_t images_wanted(const Recipe& recipe);
std::int64_t views_wanted(const Recipe& recipe);
/// The recipe with every default written out; parse_recipe reads it back.
Json to_json(const Recipe& recipe);
/// Glob with '*' and '?'; no other special characters.
bool matches(const std::string& glob, const std::string& name);

}  // namespace nibble

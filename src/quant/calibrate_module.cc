// SPDX-License-Identifier: Apache-2.0
// The LibTorch side of quant/calibrate.h, exported from the shared module nibble_torch.
#include "quant/calibrate_module.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/version.h>

#include <algorithm>
#include <map>

#include "exec/convert.h"
#include "exec/device.h"
#include "exec/fake_quant.h"
#include "exec/kernels.h"
#include "exec/tensor_memory.h"
#include "nibble/error.h"
#include "nibble/visibility.h"
#include "quant/bits/mixed_bits.h"
#include "quant/bits/sensitivity.h"
#include "quant/calibrate.h"
#include "quant/layerwise.h"
#include "quant/place.h"
#include "quant/statistics/paired_run.h"

namespace nibble {
namespace {

LayerStat float_stat(const Node& node, const LayerPlan& plan) {
  LayerStat stat;
  stat.node = node.name;
  stat.method = "float";
  stat.note = plan.note;
  return stat;
}

/// Every convolution in graph order, with why a float one is float.
std::vector<LayerStat> stats_of(const Graph& baseline, const std::vector<LayerPlan>& plans, const QuantizedLayers& layers) {
  std::vector<LayerStat> stats;
  for (const LayerPlan& plan : plans)
    stats.push_back(plan.weight ? layers.at(plan.node).stat : float_stat(baseline.nodes[plan.node], plan));
  return stats;
}

/// All that decides the gradients, but for what `source` stands for.
std::string key_of(const std::vector<std::size_t>& nodes, std::int64_t images, const CalibrateOptions& options) {
  const Recipe& recipe = options.recipe;
  return fmt::format("{} {} {} {} {} {} {} {} {}", options.source, images, options.seed, static_cast<int>(options.device.kind),
                     recipe.calibration.batch, recipe.weights.importance, recipe.distillation.class_weight, recipe.distillation.box_weight,
                     fmt::join(nodes, ","));
}

/// Empty where the recipe has no use for it.
FisherByNode fisher_for(const at::Device& device, const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options,
                        Progress& progress) {
  const WeightRecipe& weights = options.recipe.weights;
  const bool has_head = options.head.classes >= 0;
  if (!has_head || weights.rounding != Rounding::gptq || (weights.importance == 0 && !weights.couple_channels)) return {};
  const std::vector<std::size_t> nodes = nodes_of(place_quantizers(baseline, options.recipe));
  if (!options.kept) return output_fisher(device, baseline, nodes, images, options, progress);
  KeptStatistics& kept = *options.kept;
  const std::string key = key_of(nodes, images.count, options);
  if (kept.of == key) {
    progress.begin(fmt::format("gradients {}", options.recipe.name), 1);
    progress.end(fmt::format("those of {}, on the same {} images", kept.recipe, images.count));
  } else {
    kept = {key, options.recipe.name,
            std::make_shared<const FisherByNode>(output_fisher(device, baseline, nodes, images, options, progress))};
  }
  return *static_cast<const FisherByNode*>(kept.gradients.get());
}

void note_damages(const MixedBits& mixed, CalibrationResult& result) {
  for (const LayerStat& damage : mixed.damages) {
    LayerStat& stat = *std::find_if(result.layers.begin(), result.layers.end(), [&](const LayerStat& s) { return s.node == damage.node; });
    stat.low_damage = damage.low_damage;
    stat.high_damage = damage.high_damage;
    stat.note += (stat.note.empty() || damage.note.empty() ? "" : "; ") + damage.note;
  }
  result.front = mixed.front;
  result.chosen = mixed.chosen;
}

CalibrationResult calibrate_in_torch(const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options,
                                     Progress& progress) {
  if (images.count == 0) throw Error(ErrorKind::input, "calibrate: no calibration images; give a folder or list with --calib");
  reuse_tensor_memory();
  compute_with_threads(options.threads);
  const at::Device device = torch_device(options.device);
  const Recipe& recipe = options.recipe;
  require_space(baseline, nodes_of(place_quantizers(baseline, recipe)), images.count, recipe.weights.error_propagation);
  const FisherByNode fisher = fisher_for(device, baseline, images, options, progress);
  return_freed_memory();
  CalibrationResult result;
  result.images = images.count;
  const auto take = [&](const std::vector<LayerPlan>& plans, const QuantizedLayers& layers) {
    result.layers = stats_of(baseline, plans, layers);
    result.graph = with_layers(baseline, layers);
  };
  if (recipe.mixed.is_on()) {
    const MixedBits mixed = quantize_mixed(device, baseline, images, options, fisher, progress);
    take(mixed.plans, mixed.layers);
    note_damages(mixed, result);
  } else {
    const std::vector<LayerPlan> plans = place_quantizers(baseline, recipe);
    take(plans, quantize_layers(baseline, {plans}, images, options, fisher, progress).front());
  }
  return result;
}

/// OpenBLAS with the kernels that it computes with, if it is OpenBLAS.
std::string system_blas() {
  using CoreName = char*();
  const auto core_name = reinterpret_cast<CoreName*>(::dlsym(RTLD_DEFAULT, "openblas_get_corename"));
  return core_name ? fmt::format("OpenBLAS ({} kernels)", core_name()) : "system BLAS (OpenBLAS recommended)";
}

}  // namespace
}  // namespace nibble

/// LibTorch's exceptions end here.
extern "C" NIBBLE_EXPORT void nibble_calibrate(const nibble::Graph& baseline, const nibble::CalibrationImages& images,
                                               const nibble::CalibrateOptions& options, nibble::Progress& progress,
                                               nibble::CalibrationResult& result) {
  try {
    result = nibble::calibrate_in_torch(baseline, images, options, progress);
    nibble::return_freed_memory();
  } catch (const c10::OutOfMemoryError& error) {
    throw nibble::Error(
        nibble::ErrorKind::environment,
        fmt::format("calibrate: out of memory: {}; give the recipe a smaller calibration.batch", error.what_without_backtrace()));
  } catch (const c10::Error& error) {
    throw nibble::Error(nibble::ErrorKind::internal, fmt::format("calibrate: LibTorch: {}", error.what_without_backtrace()));
  }
}

extern "C" NIBBLE_EXPORT void nibble_help_to_calibrate(nibble::SharedLoop loop, const nibble::Graph& baseline,
                                                       const nibble::CalibrationImages& images, const nibble::CalibrateOptions& options) {
  try {
    nibble::reuse_tensor_memory();
    nibble::compute_with_threads(options.threads);
    const at::Device device = nibble::torch_device(options.device);
    nibble::Progress silence;
    if (loop == nibble::SharedLoop::gradients)
      nibble::output_fisher(device, baseline, nibble::nodes_of(nibble::place_quantizers(baseline, options.recipe)), images, options,
                            silence);
    else
      nibble::help_to_measure_damage(device, baseline, images, options);
    nibble::return_freed_memory();
  } catch (const c10::Error& error) {
    throw nibble::Error(nibble::ErrorKind::internal, fmt::format("calibrate: LibTorch: {}", error.what_without_backtrace()));
  }
}

extern "C" NIBBLE_EXPORT void nibble_torch_info(nibble::TorchInfo& info) {
  info.version = TORCH_VERSION;
  const nibble::CudaState cuda = nibble::cuda_state();
  info.has_cuda = cuda.is_built_in;
  info.gpus = cuda.gpus;
  info.missing_for_cuda = nibble::missing_for_cuda(cuda);
  info.blas = at::hasMKL() ? "MKL" : nibble::system_blas();
}

static_assert(std::is_same_v<decltype(nibble_calibrate), nibble::CalibrateFunction>);
static_assert(std::is_same_v<decltype(nibble_help_to_calibrate), nibble::HelpToCalibrateFunction>);
static_assert(std::is_same_v<decltype(nibble_torch_info), nibble::TorchInfoFunction>);

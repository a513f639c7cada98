// SPDX-License-Identifier: Apache-2.0
#include "quant/mixed_bits.h"

#include <fmt/format.h>

#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "quant/sensitivity.h"

namespace nibble {
namespace {

LayerVariant variant_of(std::size_t node, const QuantizedLayer& layer) {
  return {node, {dequantize(to_torch(layer.codes), layer.weight), to_torch(layer.bias), layer.activation}};
}

std::vector<BitChoice> measured_choices(const at::Device& device, const Graph& baseline, const QuantizedLayers& low,
                                        const QuantizedLayers& high, const CalibrationImages& images, const CalibrateOptions& options,
                                        Progress& progress) {
  std::vector<LayerVariant> variants;
  std::vector<BitChoice> choices;
  for (const auto& [node, layer] : low) {
    const QuantizedLayer& raised = high.at(node);
    variants.push_back(variant_of(node, layer));
    variants.push_back(variant_of(node, raised));
    choices.push_back({count_of(layer.codes.shape()), layer.stat.weight_bits, raised.stat.weight_bits, 0, 0});
  }
  const std::vector<double> damages =
      measure_damage(device, baseline, variants, images, options.recipe.mixed.images.value_or(kMixedImages), options, progress);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    choices[i].low_damage = damages[2 * i];
    choices[i].high_damage = damages[2 * i + 1];
  }
  return choices;
}

/// Layers alone, at few and at many bits, as far as it tells them apart.
std::vector<QuantizedLayers> both_forms(const Graph& baseline, const std::vector<std::vector<LayerPlan>>& plans,
                                        const CalibrationImages& images, const CalibrateOptions& options, const FisherByNode& fisher,
                                        Progress& progress) {
  CalibrateOptions alone = options;
  alone.recipe.weights.error_propagation = alone.recipe.weights.couple_channels = false;
  return quantize_layers(baseline, plans, images, alone, fisher, progress);
}

}  // namespace

MixedBits choose_mixed_bits(const at::Device& device, const Graph& baseline, const CalibrationImages& images,
                            const CalibrateOptions& options, const FisherByNode& fisher, Progress& progress) {
  Recipe high = options.recipe;
  high.weights.bits = options.recipe.mixed.high_bits;
  const std::vector<std::vector<LayerPlan>> plans{place_quantizers(baseline, options.recipe), place_quantizers(baseline, high)};
  const std::vector<QuantizedLayers> forms = both_forms(baseline, plans, images, options, fisher, progress);
  const std::vector<BitChoice> choices = measured_choices(device, baseline, forms[0], forms[1], images, options, progress);
  const std::vector<bool> raise = choose_bits(choices, options.recipe.mixed.average_bits);
  MixedBits result{plans[0], {}, bit_front(choices).points};
  std::size_t i = 0;
  for (std::size_t k = 0; k < plans[0].size(); ++k) {
    if (!plans[0][k].weight) continue;
    const BitChoice& choice = choices[i];
    LayerStat& stat = result.damages.emplace_back();
    stat.node = baseline.nodes[plans[0][k].node].name;
    stat.low_damage = choice.low_damage;
    stat.high_damage = choice.high_damage;
    if (raise[i++]) {
      result.plans[k] = plans[1][k];
      if (choice.high_bits != choice.low_bits)
        stat.note = fmt::format("raised from {} bits: damage {:.4f} -> {:.4f}", choice.low_bits, choice.low_damage, choice.high_damage);
    }
  }
  return result;
}

}  // namespace nibble

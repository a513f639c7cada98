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

std::vector<BitChoice> measured_choices(const Graph& baseline, const QuantizedLayers& low, const QuantizedLayers& high,
                                        const CalibrationImages& images, const CalibrateOptions& options, Progress& progress) {
  std::vector<LayerVariant> variants;
  std::vector<BitChoice> choices;
  for (const auto& [node, layer] : low) {
    const QuantizedLayer& raised = high.at(node);
    variants.push_back(variant_of(node, layer));
    variants.push_back(variant_of(node, raised));
    choices.push_back({count_of(layer.codes.shape()), layer.stat.weight_bits, raised.stat.weight_bits, 0, 0});
  }
  const std::vector<double> damages =
      measure_damage(baseline, variants, images, options.recipe.mixed.images.value_or(kMixedImages), options, progress);
  for (std::size_t i = 0; i < choices.size(); ++i) {
    choices[i].low_damage = damages[2 * i];
    choices[i].high_damage = damages[2 * i + 1];
  }
  return choices;
}

}  // namespace

MixedBits choose_mixed_bits(const Graph& baseline, const QuantizedLayers& low, const QuantizedLayers& high, const CalibrationImages& images,
                            const CalibrateOptions& options, Progress& progress) {
  const std::vector<BitChoice> choices = measured_choices(baseline, low, high, images, options, progress);
  const std::vector<bool> raise = choose_bits(choices, options.recipe.mixed.average_bits);
  MixedBits result;
  result.front = bit_front(choices).points;
  std::size_t i = 0;
  for (const auto& [node, layer] : low) {
    QuantizedLayer& chosen = result.layers[node] = raise[i] ? high.at(node) : layer;
    chosen.stat.low_damage = choices[i].low_damage;
    chosen.stat.high_damage = choices[i].high_damage;
    if (raise[i] && choices[i].high_bits != choices[i].low_bits)
      chosen.stat.note += fmt::format("{}raised from {} bits: damage {:.4f} -> {:.4f}", chosen.stat.note.empty() ? "" : "; ",
                                      choices[i].low_bits, choices[i].low_damage, choices[i].high_damage);
    ++i;
  }
  return result;
}

}  // namespace nibble

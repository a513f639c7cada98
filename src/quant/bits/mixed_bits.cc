// SPDX-License-Identifier: Apache-2.0
#include "quant/bits/mixed_bits.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "exec/convert.h"
#include "exec/fake_quant.h"
#include "nibble/error.h"
#include "quant/bits/sensitivity.h"

namespace nibble {
namespace {

constexpr double kStepBits = 0.05;               ///< between choices that a search for max_drop may try
constexpr std::int64_t kImagesToTellApart = 64;  ///< of which layers are rounded whose codes only rank them

SubstituteConv in_place(const QuantizedLayer& layer) {
  return {dequantize(to_torch(layer.codes), layer.weight), to_torch(layer.bias), layer.activation};
}

class BitMixer {
 public:
  BitMixer(const at::Device& device, const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options,
           const FisherByNode& fisher, Progress& progress)
      : device_(device),
        baseline_(baseline),
        images_(images),
        options_(options),
        fisher_(fisher),
        progress_(progress),
        budget_(options.recipe.mixed),
        low_(place_quantizers(baseline, options.recipe)),
        high_(place_quantizers(baseline, raised_recipe())) {
    for (std::size_t k = 0; k < low_.size(); ++k)
      if (low_[k].weight)
        choices_.push_back({count_of(baseline_.value(baseline_.nodes[low_[k].node].inputs[1]).shape), low_[k].weight->stored_bits(),
                            high_[k].weight->stored_bits(), 0, 0});
  }

  MixedBits mix() {
    if (budget_.max_drop > 0) return within_drop();
    round_alone();
    if (budget_.max_bytes > 0) return within_bytes();
    measure();
    RaisedLayers raised = choose_bits(choices_, budget_.average_bits);
    return result_of(raised, quantized(raised));
  }

 private:
  struct Trial {
    QuantizedLayers layers;
    double drop = 0;
  };

  Recipe raised_recipe() const {
    Recipe recipe = options_.recipe;
    recipe.weights.bits = budget_.high_bits;
    return recipe;
  }

  /// Without errors of earlier layers in its inputs, a layer's codes do not depend on how many bits others get.
  bool are_layers_independent() const { return !options_.recipe.weights.error_propagation; }

  /// Both forms of each layer on the float network's statistics: those of the result where layers are independent, else only as far
  /// as it tells them apart.
  void round_alone() {
    if (!low_alone_.empty()) return;
    CalibrateOptions alone = options_;
    CalibrationImages images = images_;
    if (!are_layers_independent()) {
      alone.recipe.weights.error_propagation = alone.recipe.weights.couple_channels = false;
      images.count = std::min(images.count, kImagesToTellApart);
    }
    auto forms = quantize_layers(baseline_, {low_, high_}, images, alone, fisher_, progress_);
    low_alone_ = std::move(forms[0]);
    high_alone_ = std::move(forms[1]);
  }

  void measure() {
    std::vector<LayerForms> layers;
    for (const auto& [node, layer] : low_alone_) layers.push_back({node, in_place(layer), in_place(high_alone_.at(node))});
    const std::vector<LayerDamage> damages =
        measure_damage(device_, baseline_, layers, images_, budget_.images.value_or(kMixedImages), options_, progress_);
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      choices_[i].low_damage = damages[i].low;
      choices_[i].high_damage = damages[i].high;
    }
    front_ = bit_front(choices_).points;
  }

  bool is_measured() const { return !front_.empty(); }

  std::vector<LayerPlan> plans_of(const RaisedLayers& raised) const {
    std::vector<LayerPlan> plans = low_;
    std::size_t i = 0;
    for (std::size_t k = 0; k < plans.size(); ++k)
      if (plans[k].weight && raised[i++]) plans[k] = high_[k];
    return plans;
  }

  QuantizedLayers quantized(const RaisedLayers& raised) {
    if (!are_layers_independent()) return quantize_layers(baseline_, {plans_of(raised)}, images_, options_, fisher_, progress_).front();
    round_alone();
    return chosen_alone(raised);
  }

  QuantizedLayers chosen_alone(const RaisedLayers& raised) const {
    QuantizedLayers layers = low_alone_;
    std::size_t i = 0;
    for (auto& [node, layer] : layers)
      if (raised[i++]) layer = high_alone_.at(node);
    return layers;
  }

  std::int64_t bytes_alone(const RaisedLayers& raised) const { return options_.file_bytes(with_layers(baseline_, chosen_alone(raised))); }

  [[noreturn]] void refuse_size(std::int64_t smallest) const {
    throw Error(
        ErrorKind::input,
        fmt::format("mixed bits: {}: the smallest file has {} bytes, {} were allowed; allow as many, or take a recipe with fewer bits",
                    options_.recipe.name, smallest, budget_.max_bytes));
  }

  RaisedLayers choose_by_bytes(std::int64_t limit) const {
    progress_.begin(fmt::format("size {}", options_.recipe.name), static_cast<std::int64_t>(front_.size()) - 1);
    const RaisedLayers raised = choose_bits(choices_, [&](const RaisedLayers& some) {
      progress_.step();
      return bytes_alone(some) <= limit;
    });
    progress_.end(fmt::format("{:.2f} bits on average", point_of(choices_, raised).average_bits));
    return raised;
  }

  MixedBits within_bytes() {
    const RaisedLayers none(choices_.size(), false);
    if (const std::int64_t smallest = bytes_alone(none); smallest > budget_.max_bytes) refuse_size(smallest);
    measure();
    for (std::int64_t limit = budget_.max_bytes;;) {
      const RaisedLayers raised = choose_by_bytes(limit);
      QuantizedLayers layers = quantized(raised);
      const std::int64_t bytes = options_.file_bytes(with_layers(baseline_, layers));
      if (bytes <= budget_.max_bytes) return result_of(raised, std::move(layers));
      if (raised == none) refuse_size(bytes);
      limit -= bytes - budget_.max_bytes;
    }
  }

  Trial attempt(const RaisedLayers& raised) {
    Trial trial{quantized(raised), 0};
    trial.drop = options_.drop(with_layers(baseline_, trial.layers));
    trials_.push_back({point_of(choices_, raised).average_bits, trial.drop});
    progress_.begin(fmt::format("trial {} of {}", trials_.size(), options_.recipe.name), 1);
    progress_.end(fmt::format("{:.2f} bits on average, {:.2f} points of {} below float", trials_.back().average_bits, trial.drop,
                              options_.drop_number));
    return trial;
  }

  [[noreturn]] void refuse_drop() const {
    const BitTrial best = *std::min_element(trials_.begin(), trials_.end(), [](auto& a, auto& b) { return a.drop < b.drop; });
    throw Error(
        ErrorKind::input,
        fmt::format("mixed bits: {}: the best of {} trials is {:.2f} points of {} below float, with {:.2f} bits on average, and no "
                    "layer gains from more; {} were allowed: allow more, take a recipe with more bits or with blocks, or give labelled "
                    "images to judge by (--judge), which are less strict than the float network",
                    options_.recipe.name, trials_.size(), best.drop, options_.drop_number, best.average_bits, budget_.max_drop));
  }

  MixedBits within_drop() {
    const RaisedLayers none(choices_.size(), false);
    Trial best = attempt(none);
    if (best.drop <= budget_.max_drop) return result_of(none, std::move(best.layers));
    round_alone();
    measure();
    const std::vector<RaisedLayers> steps = bit_steps(choices_, kStepBits);
    std::vector<BitFrontPoint> points;
    for (const RaisedLayers& raised : steps) points.push_back(point_of(choices_, raised));
    const std::optional<std::size_t> point = search_bits(points, best.drop, budget_.max_drop, [&](std::size_t tried) {
      Trial trial = attempt(steps[tried]);
      const double drop = trial.drop;
      if (drop <= budget_.max_drop) best = std::move(trial);
      return drop;
    });
    if (!point) refuse_drop();
    return result_of(steps[*point], std::move(best.layers));
  }

  MixedBits result_of(const RaisedLayers& raised, QuantizedLayers layers) const {
    MixedBits result{plans_of(raised), std::move(layers), {}, front_, {point_of(choices_, raised), trials_, ""}};
    if (!is_measured()) {
      result.chosen.point.damage = std::numeric_limits<double>::quiet_NaN();
      return result;
    }
    std::size_t i = 0;
    for (const LayerPlan& plan : low_) {
      if (!plan.weight) continue;
      const BitChoice& choice = choices_[i];
      LayerStat& stat = result.damages.emplace_back();
      stat.node = baseline_.nodes[plan.node].name;
      stat.low_damage = choice.low_damage;
      stat.high_damage = choice.high_damage;
      if (raised[i++])
        stat.note = fmt::format("raised from {} bits: damage {:.4f} -> {:.4f}", choice.low_bits, choice.low_damage, choice.high_damage);
    }
    return result;
  }

  const at::Device device_;
  const Graph& baseline_;
  const CalibrationImages& images_;
  const CalibrateOptions& options_;
  const FisherByNode& fisher_;
  Progress& progress_;
  const MixedRecipe& budget_;
  const std::vector<LayerPlan> low_, high_;
  std::vector<BitChoice> choices_;          ///< of the layers that are quantised, in order
  QuantizedLayers low_alone_, high_alone_;  ///< see round_alone; empty before it
  std::vector<BitFrontPoint> front_;        ///< empty: not measured
  std::vector<BitTrial> trials_;
};

}  // namespace

MixedBits quantize_mixed(const at::Device& device, const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options,
                         const FisherByNode& fisher, Progress& progress) {
  return BitMixer(device, baseline, images, options, fisher, progress).mix();
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "compare/part_gain.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/layer_part.h"
#include "eval/disagreement.h"
#include "export/onnx_summary.h"
#include "export/replace_layers.h"
#include "scoring/detect.h"

namespace nibble {
namespace {

constexpr std::size_t kSplitParts = 3;  // for how many of the best the weights are tried alone

using LayersByName = std::map<std::string, OnnxLayer>;

LayersByName layers_of(const std::filesystem::path& model) {
  LayersByName layers;
  for (const auto& layer : summarize_onnx(model).layers) layers.emplace(layer.name, layer);
  return layers;
}

/// Parts in network order, each with the layers that are quantised otherwise.
std::vector<PartGain> find_parts(const LayersByName& in_a, const LayersByName& in_b, const std::vector<std::string>& shared,
                                 const std::vector<std::string>& ends) {
  std::set<std::string> last_modules;
  for (const auto& end : ends) last_modules.insert(part_of(end, 2));
  std::vector<PartGain> parts;
  for (const auto& name : shared) {
    const auto a = in_a.find(name), b = in_b.find(name);
    if (a == in_a.end() || b == in_b.end()) continue;
    if (a->second.weight_bits == b->second.weight_bits && a->second.activation_bits == b->second.activation_bits) continue;
    auto key = part_of(name, 2);
    if (last_modules.contains(key)) key = part_of(name, 3);
    auto found = std::find_if(parts.begin(), parts.end(), [&](const auto& part) { return part.part == key; });
    if (found == parts.end()) found = parts.insert(parts.end(), PartGain{key, {}, 0, {}, 0, 32, false});
    found->layers.push_back(name);
    found->weights += b->second.weights;
    found->weight_bits = std::min(found->weight_bits, b->second.weight_bits);
    found->has_quantized_input = found->has_quantized_input || b->second.activation_bits > 0;
  }
  return parts;
}

/// Nothing to show: many short passes would only flicker.
class Silence : public Progress {};

/// B with some of A's layers, on the images.
class Trial {
 public:
  Trial(const DetectorFile& detector_a, const std::filesystem::path& a, const std::filesystem::path& b, const EvalSet& set,
        const RuntimeOptions& runtime)
      : like_(detector_a), b_(b), set_(set), grafter_(b, a), session_(session_options(runtime, false)) {
    Silence silence;
    wanted_ = detect_images(detector_a, set, {}, "", silence);
  }

  double disagreement_with(const std::vector<std::string>& layers, bool keep_inputs) const {
    std::vector<LayerReplacement> replacements;
    for (const auto& layer : layers) replacements.push_back({layer, layer, keep_inputs});
    const auto bytes = grafter_.with_replaced(replacements, {like_.session.outputs().at(like_.output).name});
    const DetectorFile detector = with_session(like_, Session(bytes, b_, session_));
    Silence silence;
    return disagreement(wanted_, detect_images(detector, set_, {}, "", silence));
  }

 private:
  const DetectorFile& like_;
  const std::filesystem::path& b_;
  const EvalSet& set_;
  LayerReplacer grafter_;
  SessionOptions session_;
  std::vector<Detection> wanted_;
};

}  // namespace

PartGains measure_part_gains(const DetectorFile& detector_a, const std::filesystem::path& a, const std::filesystem::path& b,
                             const std::vector<std::string>& shared, const std::vector<std::string>& ends, EvalSet set, std::int64_t images,
                             const RuntimeOptions& runtime, Progress& progress) {
  auto& list = set.dataset.images;
  list.resize(std::min(list.size(), static_cast<std::size_t>(images)));
  PartGains result;
  result.images = static_cast<std::int64_t>(list.size());
  result.parts = find_parts(layers_of(a), layers_of(b), shared, ends);
  if (result.parts.empty()) return result;
  const Trial trial(detector_a, a, b, set, runtime);
  result.disagreement = trial.disagreement_with({}, false);
  if (result.disagreement == 0) return result;
  const auto gain_of = [&](const PartGain& part, bool keep_inputs) {
    throw_if_interrupted();
    return 1 - trial.disagreement_with(part.layers, keep_inputs) / result.disagreement;
  };
  progress.begin("try parts unquantised", static_cast<std::int64_t>(result.parts.size()));
  for (auto& part : result.parts) {
    part.gain = gain_of(part, false);
    progress.step(part.part);
  }
  std::stable_sort(result.parts.begin(), result.parts.end(), [](const auto& l, const auto& r) { return l.gain > r.gain; });
  for (std::size_t i = 0; i < std::min(result.parts.size(), kSplitParts); ++i)
    if (result.parts[i].has_quantized_input) result.parts[i].gain_of_weights = gain_of(result.parts[i], true);
  progress.end(fmt::format("{} parts on {} images", result.parts.size(), result.images));
  return result;
}

}  // namespace nibble

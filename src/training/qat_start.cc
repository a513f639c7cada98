// SPDX-License-Identifier: Apache-2.0
#include "training/qat_start.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "graph/layer_codes.h"
#include "nibble/error.h"
#include "train/snapshot.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLayers = "layers";      ///< text: JSON, one entry per quantised convolution
constexpr const char* kDocument = "document";  ///< text: CalibratedNetwork::layers

Json spec_to_json(const QuantSpec& spec) {
  return {{"bits", spec.bits},     {"signed", spec.is_signed},
          {"narrow", spec.narrow}, {"granularity", static_cast<int>(spec.granularity)},
          {"block", spec.block},   {"trellis", {spec.trellis.bits, spec.trellis.curve}}};
}

QuantSpec spec_from_json(const Json& json) {
  return {json.at("bits"),   json.at("signed"),
          json.at("narrow"), static_cast<Granularity>(json.at("granularity").get<int>()),
          json.at("block"),  {json.at("trellis").at(0), json.at("trellis").at(1)}};
}

void write_params(Snapshot& snapshot, const std::string& name, const QuantParams& params) {
  snapshot.tensors[name + ".scale"] = params.scale;
  snapshot.tensors[name + ".zero_point"] = params.zero_point;
}

QuantParams read_params(const Snapshot& snapshot, const std::string& name, const Json& spec) {
  return {spec_from_json(spec), snapshot.tensor(name + ".scale"), snapshot.tensor(name + ".zero_point")};
}

LayerCodes read_layer(const Snapshot& snapshot, const std::string& node, const Json& json) {
  LayerCodes layer{snapshot.tensor(node + ".codes"), read_params(snapshot, node + ".weight", json.at("weight")),
                   snapshot.tensor(node + ".bias"), std::nullopt};
  if (!json.at("input").is_null()) layer.activation = read_params(snapshot, node + ".input", json.at("input"));
  return layer;
}

}  // namespace

void write_start(const KeptStart& start, const Graph& baseline, const CalibratedNetwork& calibrated) {
  Snapshot snapshot;
  snapshot.run = start.key;
  Json layers = Json::array();
  for (const auto& [index, layer] : codes_of(baseline, calibrated.graph)) {
    const std::string& node = baseline.nodes[index].name;
    snapshot.tensors[node + ".codes"] = layer.codes;
    snapshot.tensors[node + ".bias"] = layer.bias;
    write_params(snapshot, node + ".weight", layer.weight);
    if (layer.activation) write_params(snapshot, node + ".input", *layer.activation);
    layers.push_back({{"node", node},
                      {"weight", spec_to_json(layer.weight.spec)},
                      {"input", layer.activation ? spec_to_json(layer.activation->spec) : Json(nullptr)}});
  }
  snapshot.texts[kLayers] = layers.dump();
  snapshot.texts[kDocument] = calibrated.layers.dump();
  write_snapshot(start.path, snapshot);
}

CalibratedNetwork read_start(const KeptStart& start, const Graph& baseline) {
  const Snapshot snapshot = read_snapshot(start.path, start.key);
  std::map<std::string, Json> layers;
  try {
    for (const auto& layer : Json::parse(snapshot.text(kLayers))) layers[layer.at("node")] = layer;
    CodesByNode codes;
    for (std::size_t i = 0; i < baseline.nodes.size(); ++i)
      if (const auto found = layers.find(baseline.nodes[i].name); found != layers.end())
        codes[i] = read_layer(snapshot, found->first, found->second);
    if (codes.size() == layers.size()) return {with_codes(baseline, codes), Json::parse(snapshot.text(kDocument))};
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::input, fmt::format("snapshot: {}: its list of layers: {}; remove it", start.path.string(), error.what()));
  }
  throw Error(ErrorKind::input, fmt::format("snapshot: {}: is of another network; remove it", start.path.string()));
}

CalibratedNetwork kept_start(const KeptStart& start, const Graph& baseline, const std::function<CalibratedNetwork()>& calibrate) {
  if (is_file(start.path)) {
    try {
      return read_start(start, baseline);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::input) throw;
      log(LogLevel::info, fmt::format("calibrate again: {}", error.what()));
    }
  }
  CalibratedNetwork calibrated = calibrate();
  write_start(start, baseline, calibrated);
  return calibrated;
}

}  // namespace nibble

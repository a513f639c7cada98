// SPDX-License-Identifier: Apache-2.0
#include "training/qat_start.h"

#include <fmt/format.h>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/placed_json.h"
#include "graph/layer_codes.h"
#include "nibble/error.h"
#include "report/report_json.h"
#include "train/snapshot.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kLayers = "layers";      ///< text: JSON, one entry per quantised convolution
constexpr const char* kDocument = "document";  ///< text: CalibratedNetwork::layers

Json spec_to_json(const QuantSpec& spec) {
  return {{"bits", spec.bits},
          {"signed", spec.is_signed},
          {"narrow", spec.narrow},
          {"granularity", static_cast<int>(spec.granularity)},
          {"block", spec.block},
          {"trellis", {spec.trellis.bits, spec.trellis.curve, spec.trellis.largest}},
          {"reduce_range", spec.reduce_range}};
}

QuantSpec spec_from_json(const PlacedJson& json) {
  const int granularity = json.at("granularity");
  if (granularity < static_cast<int>(Granularity::tensor) || granularity > static_cast<int>(Granularity::block))
    throw Error(ErrorKind::input, fmt::format("snapshot: granularity {}: there is none such", granularity));
  const auto trellis = json.at("trellis");
  return {json.at("bits"),        json.at("signed"),
          json.at("narrow"),      static_cast<Granularity>(granularity),
          json.at("block"),       {trellis.at(0), trellis.at(1), trellis.at(2)},
          json.at("reduce_range")};
}

void write_params(Snapshot& snapshot, const std::string& name, const QuantParams& params) {
  snapshot.tensors[name + ".scale"] = params.scale;
  snapshot.tensors[name + ".zero_point"] = params.zero_point;
}

QuantParams read_params(const Snapshot& snapshot, const std::string& name, const PlacedJson& spec) {
  return {spec_from_json(spec), snapshot.tensor(name + ".scale"), snapshot.tensor(name + ".zero_point")};
}

LayerCodes read_layer(const Snapshot& snapshot, const std::string& node, const PlacedJson& json) {
  LayerCodes layer{snapshot.tensor(node + ".codes"), read_params(snapshot, node + ".weight", json.at("weight")),
                   snapshot.tensor(node + ".bias"), std::nullopt};
  if (!json.at("input").is_null()) layer.activation = read_params(snapshot, node + ".input", json.at("input"));
  return layer;
}

/// A text of the snapshot, which may be anybody's.
Json json_of(const Snapshot& snapshot, const char* name) {
  return parse_json(snapshot.text(name), fmt::format("snapshot: text \"{}\"", name));
}

/// verify() takes a graph that does not hold together for a fault of ours; this one is of a file.
Graph network_of(const KeptStart& start, const Graph& baseline, const CodesByNode& codes) {
  try {
    return with_codes(baseline, codes);
  } catch (const Error& error) {
    throw Error(ErrorKind::input, fmt::format("snapshot: {}: does not fit this network: {}; remove it", start.path.string(), error.what()));
  }
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
  std::map<std::string, PlacedJson> layers;
  try {
    const PlacedJson list(json_of(snapshot, kLayers), start.path.string() + ": layers", "remove it");
    for (const auto& layer : list.list()) layers[layer.at("node").get<std::string>()] = layer;
    CodesByNode codes;
    for (std::size_t i = 0; i < baseline.nodes.size(); ++i)
      if (const auto found = layers.find(baseline.nodes[i].name); found != layers.end())
        codes[i] = read_layer(snapshot, found->first, found->second);
    if (codes.size() == layers.size()) {
      const Json document = json_of(snapshot, kDocument);
      // What is read of it after the training; refuses now what lacks it.
      recipe_report_from_json(PlacedJson(document, start.path.string(), "remove it").at("recipe"));
      return {network_of(start, baseline, codes), document};
    }
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::input, fmt::format("snapshot: {}: its layers: {}; remove it", start.path.string(), error.what()));
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

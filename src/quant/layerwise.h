// SPDX-License-Identifier: Apache-2.0
// All convolutions of a network quantised one after the other, each on its own statistics.
#pragma once
#include <map>
#include <vector>

#include "quant/calibrate.h"
#include "quant/layer_quantizer.h"
#include "quant/place.h"
#include "quant/statistics/output_fisher.h"

namespace nibble {

/// By index of the node.
using QuantizedLayers = std::map<std::size_t, QuantizedLayer>;

/// Nodes of the plans that are quantised, ascending.
std::vector<std::size_t> nodes_of(const std::vector<LayerPlan>& plans);

/// One result per set of plans: `alternatives` are plans for the same layers with other weight bits, quantised on the same
/// statistics; with error_propagation the first one's errors are what the layers behind see. `fisher`: of the same images in the same
/// batches, or empty. Error(numeric) naming the layer on statistics that are not finite.
std::vector<QuantizedLayers> quantize_layers(const Graph& baseline, const std::vector<std::vector<LayerPlan>>& alternatives,
                                             const CalibrationImages& images, const CalibrateOptions& options, const FisherByNode& fisher,
                                             Progress& progress);

/// The graph with the layers' codes, biases and activation quantisers in place. Values of `baseline` keep their ids.
Graph with_layers(const Graph& baseline, const QuantizedLayers& layers);

}  // namespace nibble

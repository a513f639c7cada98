// SPDX-License-Identifier: Apache-2.0
// Quantises all convolutions of a network one after the other, each on the statistics of its own inputs.
#pragma once
#include <map>
#include <vector>

#include "quant/calibrate.h"
#include "quant/layer_quantizer.h"
#include "quant/place.h"
#include "quant/statistics/output_fisher.h"

namespace nibble {

/// The key is the index of the convolution in Graph::nodes.
using QuantizedLayers = std::map<std::size_t, QuantizedLayer>;

/// Indices of the nodes that the plans quantise, ascending; plans that leave a layer float are passed over.
std::vector<std::size_t> nodes_of(const std::vector<LayerPlan>& plans);

/// Each of `alternatives` plans the same layers with other weight bits; all are quantised on the same statistics, and there is one result
/// for each. With error_propagation, layers see the errors that the first alternative has made before them. `fisher` was computed on the
/// same images in the same batches, or is empty. Error(numeric) naming the layer where statistics are not finite, Error(unsupported) where
/// two convolutions share a constant.
std::vector<QuantizedLayers> quantize_layers(const Graph& baseline, const std::vector<std::vector<LayerPlan>>& alternatives,
                                             const CalibrationImages& images, const CalibrateOptions& options, const FisherByNode& fisher,
                                             Progress& progress);

/// The graph with the layers' codes, biases and activation quantisers in place. Values of `baseline` keep their ids.
Graph with_layers(const Graph& baseline, const QuantizedLayers& layers);

}  // namespace nibble

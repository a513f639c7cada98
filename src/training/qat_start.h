// SPDX-License-Identifier: Apache-2.0
// Keeps the calibrated network that a training starts from in a file, so that a resumed training need not calibrate again.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "base/json.h"
#include "graph/graph.h"

namespace nibble {

/// A quantised graph and what calibration found out about its layers.
struct CalibratedNetwork {
  Graph graph;
  Json layers = Json::object();  ///< as layers_document (calibration/layers_document.h)
};

/// Where that network is kept, and the key of everything that decides the calibration.
struct KeptStart {
  std::filesystem::path path;  ///< of a snapshot (train/snapshot.h); empty where the network is not kept
  std::string key;
};

void write_start(const KeptStart& start, const Graph& baseline, const CalibratedNetwork& calibrated);

/// Reads back what write_start wrote, bit for bit. Error(input) as read_snapshot, or where the file does not fit `baseline`.
CalibratedNetwork read_start(const KeptStart& start, const Graph& baseline);

/// Returns the network that an earlier attempt has kept. Where there is none, or the file is damaged or of another calibration, calls
/// `calibrate` and keeps its result.
CalibratedNetwork kept_start(const KeptStart& start, const Graph& baseline, const std::function<CalibratedNetwork()>& calibrate);

}  // namespace nibble

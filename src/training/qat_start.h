// SPDX-License-Identifier: Apache-2.0
// The calibrated network that a training starts from, kept in a file: a training that goes on need not calibrate again.
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

/// Where it is kept, and the key of all that decides the calibration.
struct KeptStart {
  std::filesystem::path path;  ///< a snapshot (train/snapshot.h); empty: it is not kept
  std::string key;
};

void write_start(const KeptStart& start, const Graph& baseline, const CalibratedNetwork& calibrated);

/// The same bits as were written. Error(input) as read_snapshot, or where the file does not fit `baseline`.
CalibratedNetwork read_start(const KeptStart& start, const Graph& baseline);

/// What an earlier attempt left there. Where there is nothing, or a damaged file, or one of another calibration: what `calibrate` makes,
/// and leaves it there.
CalibratedNetwork kept_start(const KeptStart& start, const Graph& baseline, const std::function<CalibratedNetwork()>& calibrate);

}  // namespace nibble

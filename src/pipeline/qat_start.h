// SPDX-License-Identifier: Apache-2.0
// The calibrated network that a training starts from, kept in a file: a training that goes on need not calibrate again.
#pragma once
#include <filesystem>
#include <functional>
#include <string>

#include "graph/graph.h"

namespace nibble {

/// `key`: what decides the calibration. The file is a snapshot (train/snapshot.h).
void write_start(const std::filesystem::path& path, const std::string& key, const Graph& baseline, const Graph& calibrated);

/// The same bits as were written. Error(input) as read_snapshot, or where the file does not fit `baseline`.
Graph read_start(const std::filesystem::path& path, const std::string& key, const Graph& baseline);

/// What an earlier attempt left at `path`, else (nothing there, damaged, or of another calibration) what `calibrate` makes, left there.
Graph kept_start(const std::filesystem::path& path, const std::string& key, const Graph& baseline, const std::function<Graph()>& calibrate);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Turns SessionOptions into ONNX Runtime's own.
#pragma once
#include <onnxruntime_cxx_api.h>

#include <string>
#include <string_view>
#include <vector>

#include "ort/session.h"

namespace nibble {

/// Error(environment) when the provider is not compiled in or its libraries do not load, with what to install.
Ort::SessionOptions make_session_options(const SessionOptions& options);

/// Lines of the runtime's log. capture_log lets a session that is made with `options` append to them; the caller keeps them alive until it
/// is made.
using LogLines = std::vector<std::string>;
void capture_log(Ort::SessionOptions& options, LogLines& lines);

/// The nodes that were placed on `provider` according to the log, as "Op (name)". The runtime logs, at level verbose, a heading
/// "Node(s) placed on [P]. Number of nodes: 2" or "All nodes placed on [P]. ...", then a line for each node.
std::vector<std::string> nodes_placed_on(std::string_view provider, const LogLines& lines);

}  // namespace nibble

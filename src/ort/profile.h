// SPDX-License-Identifier: Apache-2.0
// Which operators the runtime really runs, where, and how long each takes: what it made of a file, not what the file says.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "nibble/profile.h"
#include "ort/session.h"

namespace nibble {

struct RuntimeProfile {
  std::vector<NodeTime> nodes;      ///< longest first
  std::vector<OpTime> ops() const;  ///< longest first
  std::map<std::string, int> nodes_by_provider() const;
  double total_us() const;
};

/// Runs once to warm up, then `runs` times with the recording on. The runtime's trace lies in the system's temporary folder meanwhile.
RuntimeProfile profile_model(const std::filesystem::path& model, SessionOptions options, const std::vector<Tensor>& inputs, int runs);

/// From the runtime's trace; the first run of each node is left out where there are more. Error(input) when it is no trace.
RuntimeProfile read_profile(const std::filesystem::path& trace);

}  // namespace nibble

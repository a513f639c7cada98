// SPDX-License-Identifier: Apache-2.0
// Which operators the runtime really runs, on which provider, and how long each takes. This is what it has made of a file by fusing and
// folding, and not what the file says.
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

/// Runs the model on `inputs` once to warm up, then `runs` times, and records them. Meanwhile the runtime's trace lies in the folder for
/// temporary files.
RuntimeProfile profile_model(const std::filesystem::path& model, SessionOptions options, const std::vector<Tensor>& inputs, int runs);

/// Reads a trace that the runtime has written. The first run of each node is left out where there are more. Error(input) where the file is
/// no trace.
RuntimeProfile read_profile(const std::filesystem::path& trace);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Which operators the runtime really runs, on which provider, and how long each takes. This is what it has made of a file by fusing and
// folding, and not what the file says.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "ort/session.h"

namespace nibble {

struct NodeTime {
  std::string name;  ///< after the runtime's rewrites: fused nodes have the runtime's names
  std::string op;    ///< "QLinearConv", "FusedConv"
  std::string provider;
  double median_us = 0;  ///< median time over the runs, in microseconds
};

/// All nodes of one operator taken together.
struct OpTime {
  std::string op;
  int nodes = 0;  ///< how many there are
  double us = 0;  ///< sum of their median times, in microseconds
};

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

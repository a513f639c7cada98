// SPDX-License-Identifier: Apache-2.0
// What ONNX Runtime makes of files: agreement of its optimisation levels, times, what ran where.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "nibble/options.h"
#include "nibble/progress.h"
#include "nibble/report.h"
#include "nibble/visibility.h"

namespace nibble {

/// One node as the runtime runs it.
struct NodeTime {
  std::string name;      ///< After the runtime's rewrites: fused nodes have the runtime's names.
  std::string op;        ///< "QLinearConv", "FusedConv".
  std::string provider;  ///< "CPUExecutionProvider".
  double median_us = 0;  ///< Microseconds, the median of the runs.
};

/// One kind of operator.
struct OpTime {
  std::string op;
  int nodes = 0;
  double us = 0;  ///< Microseconds of all its nodes, the sum of their medians.
};

struct ProfileOptions {
  std::vector<std::filesystem::path> models;  ///< ONNX detectors; ratios are against the first one.
  std::filesystem::path images;  ///< A folder or list: the first 4 are compared, the first is timed; empty or "random": random input.
  std::int64_t runs = 30;        ///< Timed runs of each file, in turns.
  DetectorFileOptions file;      ///< Of all of them.
  std::filesystem::path json;    ///< File to write everything to (docs/formats.md); empty: none.
  RuntimeOptions runtime;
};

struct ModelProfile {
  std::filesystem::path model;
  std::string head;                    ///< What the output is: "one2one", "one2many", "raw".
  std::vector<LevelAgreement> levels;  ///< Each optimisation level against none.
  QuantizerSteps steps;                ///< Of its quantised activations.
  Latency latency;                     ///< Milliseconds, measured in turns with the other files.
  double ratio = 1;                    ///< Its median time over the first file's.
  std::map<std::string, int> nodes_by_provider;
  double total_us = 0;          ///< Microseconds of all nodes, the sum of their medians.
  std::vector<OpTime> ops;      ///< Longest first.
  std::vector<NodeTime> nodes;  ///< Longest first.
};
struct ProfileResult {
  std::string runtime_version;       ///< Of ONNX Runtime.
  std::vector<ModelProfile> models;  ///< In the order of the options.
};
/// Throws Error(usage) without a model, Error(unsupported) where inputs or outputs are not a detector's.
NIBBLE_EXPORT ProfileResult profile(const ProfileOptions& options, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The whole state of a training run in one file, so that a run that was killed goes on as if nothing had happened.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "base/tensor.h"

namespace nibble {

struct Snapshot {
  /// The run that the state belongs to: a key made of model, recipe, data and seed. Only that run can go on from it.
  std::string run;
  std::map<std::string, std::int64_t> counters;  ///< "step", "epoch", "watch.rollbacks"
  std::map<std::string, std::string> texts;      ///< UTF-8
  /// Weights, scales, moments of the optimiser, averages; also states of random generators (u8) and single numbers (f64
  /// scalars), whose bits survive here.
  std::map<std::string, Tensor> tensors;

  /// Error(input) naming the entry where it is missing or, for number, no f64 scalar.
  std::int64_t counter(const std::string& name) const;
  const std::string& text(const std::string& name) const;
  const Tensor& tensor(const std::string& name) const;
  double number(const std::string& name) const;
  void set_number(const std::string& name, double value);
};

/// Writes beside `path`, then renames, each on the disk before the next: whenever the process is killed, `path` is the old
/// snapshot or the new one. Removes what earlier, killed writers left beside it; so one process at a time may write to
/// `path`. Error(environment) naming the path on a full disk; the old snapshot is still there then.
void write_snapshot(const std::filesystem::path& path, const Snapshot& snapshot);

/// Error(input) naming the file and why: missing, no snapshot, of another version, cut, longer than it says, damaged (each part
/// carries its SHA-256), or of another run than `run`.
Snapshot read_snapshot(const std::filesystem::path& path, const std::string& run);

}  // namespace nibble

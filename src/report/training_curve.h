// SPDX-License-Identifier: Apache-2.0
// Losses and scores of a training by step, as a CSV file (docs/formats.md) that a spreadsheet or the report reads.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace nibble {

/// By name ("loss/total", "held_out/mAP_50_95"), then by the number of finished steps.
using TrainingCurve = std::map<std::string, std::map<std::int64_t, double>>;

/// Later rows win, a last row that was cut is left out. Error(input) naming file and line for anything else.
TrainingCurve read_training_curve(const std::filesystem::path& path);

/// Written row by row, so that a killed training leaves what it came to.
class CurveFile {
 public:
  /// Goes on from an earlier attempt's rows up to `finished_steps`: what came after its snapshot is told again. Error(environment) where
  /// the file cannot be written.
  CurveFile(std::filesystem::path path, std::int64_t finished_steps);
  void add(std::int64_t finished_steps, const std::string& name, double value);
  void flush();

 private:
  std::filesystem::path path_;
  std::ofstream stream_;
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Losses and scores of a training by step, as a CSV file (docs/formats.md) that a spreadsheet or the report reads.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace nibble {

/// Values by name ("loss/total", "held_out/mAP_50_95") and then by the number of finished steps.
using TrainingCurve = std::map<std::string, std::map<std::int64_t, double>>;

/// Reads a curve. Where a step stands twice, the later row counts; a last row that was cut is left out. Error(input) naming file and line
/// for anything else that is no row.
TrainingCurve read_training_curve(const std::filesystem::path& path);

struct CurveRow {
  std::int64_t steps = 0;
  std::string name;
  double value = 0;
};

/// Writes a curve row by row, so that a killed training leaves the rows up to its end.
class CurveFile {
 public:
  /// Keeps an earlier attempt's rows up to `finished_steps` and drops those after its snapshot, which will come again. Error(environment)
  /// where the file cannot be written.
  CurveFile(std::filesystem::path path, std::int64_t finished_steps);
  /// A row that the earlier attempt wrote for the same step and name goes.
  void add(std::int64_t finished_steps, const std::string& name, double value);
  void flush();

 private:
  void rewrite();
  std::filesystem::path path_;
  std::vector<CurveRow> rows_;  ///< all that are in the file, in order
  std::size_t old_rows_ = 0;    ///< so many of them, at the beginning, are the earlier attempt's
  std::ofstream stream_;
};

}  // namespace nibble

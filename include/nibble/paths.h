// SPDX-License-Identifier: Apache-2.0
// What a command reads and where it writes, known before it starts.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nibble/nibble.h"
#include "nibble/visibility.h"

namespace nibble {

/// A folder that files are written into.
struct OutputFolder {
  std::filesystem::path path;
  /// Of the names of the files; empty: any name, in folders inside it as well; nothing: only a new folder is made in it.
  std::optional<std::string> prefix;
};

/// Empty paths are none.
struct CommandPaths {
  std::vector<std::filesystem::path> inputs;   ///< files and folders
  std::vector<std::filesystem::path> outputs;  ///< files that are made or replaced
  std::vector<OutputFolder> folders;
  std::vector<std::filesystem::path> logs;  ///< files that are added to; may be a device
};

NIBBLE_EXPORT CommandPaths paths_of(const RunOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const ExportOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const QuantizeOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const CleanOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const QatOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const EvalOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const ProfileOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const ScoreOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const CompareOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const CalibrationCheckOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const PredictOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const VerifyOptions& options);
NIBBLE_EXPORT CommandPaths paths_of(const ReplayOptions& options);

}  // namespace nibble

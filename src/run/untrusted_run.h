// SPDX-License-Identifier: Apache-2.0
// A run directory that somebody else made: everything in it is a claim, and names in it may point anywhere.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/placed_json.h"

namespace nibble {

/// Largest sizes that are read, in bytes. A run of 5000 images with 80 classes stays below a tenth of each.
struct RunLimits {
  static constexpr std::uintmax_t kManifest = std::uintmax_t{16} << 20;
  static constexpr std::uintmax_t kJson = std::uintmax_t{64} << 20;
  static constexpr std::uintmax_t kConfig = std::uintmax_t{1} << 20;  ///< recipes, limits of gates
  static constexpr std::uintmax_t kText = std::uintmax_t{64} << 20;
  static constexpr std::uintmax_t kRecords = std::uintmax_t{4} << 30;  ///< detections, ground truth
  static constexpr std::uintmax_t kFile = std::uintmax_t{16} << 30;    ///< any
  static constexpr std::size_t kFiles = 100'000;                       ///< in the folder and in the manifest
};

/// Every file below `root`, relative, sorted. Links are not followed but refused, so that no name in the folder leads out of it:
/// Error(input) for them, for what is neither file nor folder, and for more than RunLimits::kFiles files.
std::vector<std::string> list_plain_files(const std::filesystem::path& root);

class UntrustedRun {
 public:
  /// Reads run.json. Error(input) for a folder without one, for one that is no manifest of a finished run, and for a folder that holds a
  /// link or something else that is neither file nor folder.
  static UntrustedRun open(const std::filesystem::path& folder);

  const std::filesystem::path& root() const { return root_; }
  const PlacedJson& manifest() const { return manifest_; }
  /// All files of the folder, relative, sorted.
  const std::vector<std::string>& files() const { return files_; }
  bool has(const std::string& relative) const;

  /// Where a file is that `relative` names. Error(input) for a name that leaves the folder, a file that is not there, is no plain file, or
  /// is larger than `most` bytes.
  std::filesystem::path file(const std::string& relative, std::uintmax_t most = RunLimits::kFile) const;
  /// Errors as file, and Error(input) for what is no JSON or nested more than 100 levels deep.
  PlacedJson json(const std::string& relative, std::uintmax_t most = RunLimits::kJson) const;
  std::string text(const std::string& relative) const;
  /// Where a small JSON file is that is read by others. Errors as json.
  std::filesystem::path config(const std::string& relative) const;
  /// Error(input) for a name that is not the plain one of a place inside the folder, whether something is there or not.
  void require_inside(const std::string& relative) const;

 private:
  std::filesystem::path root_;
  std::vector<std::string> files_;
  PlacedJson manifest_;
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// A run directory: the one place a run writes to, and run.json, the manifest that says what stands in it and why.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/json.h"
#include "base/placed_json.h"
#include "run/folder_lock.h"

namespace nibble {

/// File names inside a run directory ("<model>" is the checkpoint's stem).
struct RunNames {
  static constexpr const char* kGateLimits = "config/gate-limits.json";       ///< usable with --gates
  static constexpr const char* kImages = "config/images.json";                ///< names and hashes of calibration and scored images
  static constexpr const char* kGroundTruth = "config/ground-truth.json";     ///< the objects of the scored images, as COCO has them
  static constexpr const char* kRuntime = "runtime.json";                     ///< what the runtime made of each file, by its name
  static constexpr const char* kCalibrationCheck = "calibration-check.json";  ///< what the report says of the calibration images
  std::string model;
  /// "onnx/<model>-baseline-fp32.onnx"
  std::string baseline(const std::string& precision) const;
  /// "onnx/<model>-w4a16-qcdq-ptq-opt.onnx" of the artifact "w4a16-qcdq-ptq-opt".
  std::string quantized(const std::string& artifact) const;
  /// "baseline-coco/metrics.json", "ptq-w4a16-coco/metrics.json", "qat-w4a16-integer-coco/metrics.json". `method`: how a quantised
  /// network's numbers were found, "ptq" or "qat".
  static std::string metrics(const std::string& recipe, const std::string& suffix = "", const std::string& method = "ptq");
  /// "baseline-coco/detections.json" of "baseline-coco/metrics.json": what the metrics were computed from.
  static std::string detections(const std::string& metrics);
  static std::string layers(const std::string& recipe);
  /// A file that is scored while a recipe's bits are chosen.
  static std::string trial(const std::string& recipe);
  /// "ptq-w4a16-coco/compare.json"
  static std::string comparison(const std::string& recipe, const std::string& method = "ptq");
  /// "ptq-w4a16-coco/pictures.json" of "pictures.json": what lies beside the comparison.
  static std::string beside_comparison(const std::string& recipe, const std::string& file, const std::string& method = "ptq");
  /// "qat-w4a16-coco/training.csv" of "training.csv".
  static std::string training(const std::string& recipe, const std::string& file);
};

/// A file of a run directory that an earlier attempt may have left, and that attempt may be anybody's: its hash says nothing of what is in
/// it. Errors as read_json; those of reading the value say to remove the file.
PlacedJson read_earlier_json(const std::filesystem::path& path);

/// Keeps run.json true at any moment: every recorded file is complete, and its hash is that of the file.
class RunDirectory {
 public:
  /// Error(usage) when the directory has a run.json and `resume` is false, or has none and `resume` is true, or when
  /// another process has it open. Error(input) for a manifest that is none, and for a directory with a link or device in it, which a run
  /// never makes.
  static RunDirectory open(const std::filesystem::path& runs_dir, const std::string& run_id, bool resume);

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path path(const std::string& relative) const { return root_ / relative; }

  /// True when an earlier attempt recorded this file made from the same `key`, and the file still has the recorded hash.
  bool has(const std::string& relative, const std::string& key) const;
  /// Of a file that is recorded; empty where it is not.
  std::string sha256_of_recorded(const std::string& relative) const { return recorded_text(relative, "sha256"); }
  /// Hashes the finished file and writes the manifest. `key` is a hash of all that decided its content.
  void record(const std::string& relative, const std::string& key);

  /// Sets a top-level field of run.json ("status", "inputs") and writes it.
  void set(const std::string& field, const Json& value);
  const Json& manifest() const { return manifest_; }

 private:
  RunDirectory(std::filesystem::path root, std::shared_ptr<const FolderLock> lock, Json manifest)
      : root_(std::move(root)), lock_(std::move(lock)), manifest_(std::move(manifest)) {}
  void save() const;
  /// A field of what is recorded of a file; empty where there is no such text.
  std::string recorded_text(const std::string& relative, const char* field) const;
  /// {bytes, sha256, key} of a recorded file, or null.
  Json recorded(const std::string& relative) const;
  std::filesystem::path root_;
  std::shared_ptr<const FolderLock> lock_;
  Json manifest_;
};

}  // namespace nibble

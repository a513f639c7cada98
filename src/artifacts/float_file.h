// SPDX-License-Identifier: Apache-2.0
// A float ONNX file to measure on: the one given, or one made of a checkpoint for as long as it is needed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/temporary.h"
#include "nibble/image_size.h"
#include "yolo/detector.h"

namespace nibble {

/// Writes the float network as it is, in single precision, with the metadata of a baseline.
void write_float_file(const Detector& baseline, const std::filesystem::path& path);

class FloatFile {
 public:
  /// An .onnx is taken as it is; a checkpoint (empty: the embedded one) is exported to a temporary file, one2many head. Errors as
  /// read_baseline.
  FloatFile(const std::filesystem::path& model, std::optional<ImageSize> image_size);
  /// A temporary file of this network.
  explicit FloatFile(const Detector& baseline);

  const std::filesystem::path& path() const { return path_; }

 private:
  void make(const Detector& baseline);

  std::optional<TemporaryFolder> folder_;
  std::filesystem::path path_;
};

}  // namespace nibble

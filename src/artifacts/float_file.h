// SPDX-License-Identifier: Apache-2.0
// A float ONNX file to measure on: the one given, or one made of a checkpoint for as long as it is needed.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>

#include "base/temporary.h"
#include "nibble/image_size.h"

namespace nibble {

class FloatFile {
 public:
  /// An .onnx is taken as it is; a checkpoint (empty: the embedded one) is exported to a temporary file, one2many head. Errors as
  /// read_baseline.
  FloatFile(const std::filesystem::path& model, ImageSize image_size);

  const std::filesystem::path& path() const { return path_; }

 private:
  std::optional<TemporaryFolder> folder_;
  std::filesystem::path path_;
};

}  // namespace nibble

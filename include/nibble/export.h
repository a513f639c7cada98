// SPDX-License-Identifier: Apache-2.0
// A checkpoint's float network as an ONNX file.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "nibble/image_size.h"
#include "nibble/visibility.h"

namespace nibble {

struct ExportOptions {
  std::filesystem::path checkpoint;  ///< An Ultralytics checkpoint (.pt); nothing in it is executed.
  std::filesystem::path output;      ///< The ONNX file to write.
  std::string head = "one2many";     ///< What output0 is: "one2many", "one2one", "raw" or "raw_one2one".
  /// Height and width of the input in pixels; empty: what the checkpoint was trained at, 640 where it does not say.
  std::optional<ImageSize> image_size;
  bool half = false;       ///< FP16 weights and computation; input and output stay FP32.
  bool half_io = false;    ///< With `half`: input and output are FP16 too.
  int opset = 0;           ///< ONNX opset from 13 to 21; 0: 13.
  std::int64_t batch = 1;  ///< Images for each run; -1: known at run time only.
};
struct ExportResult {
  std::filesystem::path file;  ///< The file that was written.
  std::int64_t bytes = 0;      ///< Its size.
  ImageSize image_size;        ///< Of its input, in pixels.
  std::string output_meaning;  ///< What output0 holds, in words, as the file's metadata say it.
};
/// Writes the float network with BatchNorm folded into the convolutions. Throws Error(usage) for options that contradict each other,
/// Error(input) for a file that is no checkpoint, Error(unsupported) naming the part of a network that nibble does not know.
NIBBLE_EXPORT ExportResult export_baseline(const ExportOptions& options);

}  // namespace nibble

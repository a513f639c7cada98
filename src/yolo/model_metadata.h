// SPDX-License-Identifier: Apache-2.0
// The metadata of an ONNX file: as Ultralytics writes it (values are Python literals), and nibble's own keys.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "yolo/detector.h"

namespace nibble {

using Metadata = std::map<std::string, std::string>;

/// names, stride, imgsz, batch, task, author, version, end2end and, of pose models, kpt_shape as Ultralytics' AutoBackend reads them, and
/// nibble.head, nibble.strides, nibble.source, nibble.source_sha256, nibble.precision, nibble.output0.
Metadata baseline_metadata(const ModelInfo& info, const std::string& precision);

/// {0: 'person', 1: "rock 'n' roll"} as Python's repr prints it, and back; empty optional when the text is not such a dict.
std::string python_dict(const std::map<std::int64_t, std::string>& names);
std::optional<std::map<std::int64_t, std::string>> parse_python_dict(const std::string& text);

/// Class names as files have them: such a dict, also with the numbers in quotes as JSON has them, or a list of names.
std::optional<std::map<std::int64_t, std::string>> parse_names(const std::string& text);

/// The strides in pixels that nibble.strides names; 8, 16, 32 where there is no such key.
std::vector<std::int64_t> strides_of(const Metadata& metadata);

/// One line that says what `output0` means for a head of a detector.
std::string output_meaning(Head head, std::int64_t class_count);
/// The same of any model; with masks it says what `output1` means, too.
std::string output_meaning(const ModelInfo& info);

}  // namespace nibble

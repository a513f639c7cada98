// SPDX-License-Identifier: Apache-2.0
// What a file is by how it begins, for messages about one that stands in the place of another.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace nibble {

enum class FileKind { image, zip, onnx, data_yaml, coco };

/// "a data.yaml, which describes a data set".
std::string_view name_of(FileKind kind);

/// The first 4096 bytes; empty where the file cannot be read, and for a pipe, of which they would be missing afterwards.
std::string start_of_file(const std::filesystem::path& path);

/// JPEG and PNG images, zip archives (which PyTorch writes checkpoints as), ONNX models as exporters write them, an Ultralytics data.yaml
/// and COCO's JSON by their keys; nothing for others. Looks at the first 4096 bytes.
std::optional<FileKind> kind_of_file(std::string_view start);

}  // namespace nibble

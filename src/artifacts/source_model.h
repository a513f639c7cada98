// SPDX-License-Identifier: Apache-2.0
// The checkpoint a command works on, and the float baseline made from it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

#include "yolo/detector.h"
#include "yolo/model_metadata.h"

namespace nibble {

/// Stem of the file name, "yolov10n": what files made from it are named after.
std::string model_name_of(const std::filesystem::path& checkpoint);

Detector read_baseline(const std::filesystem::path& checkpoint, const BuildOptions& options);

/// What the checkpoint says of its model; its image size and head are those of BuildOptions. Errors as summarize_model.
ModelInfo read_model_info(const std::filesystem::path& checkpoint);

/// Error(unsupported) unless the model is a detector: `what` ("qat", "run --qat") was asked for a loss on labels, which other tasks lack.
void require_label_loss(const ModelInfo& info, const std::string& what);

/// What a run needs of a recipe's name, method, bits and dialect in a file's metadata.
Metadata quantized_metadata(const ModelInfo& info, const std::string& precision, const std::string& recipe, const std::string& dialect,
                            int weight_bits, int activation_bits, bool is_trained);

}  // namespace nibble

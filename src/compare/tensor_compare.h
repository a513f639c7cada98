// SPDX-License-Identifier: Apache-2.0
// Compares two files of one network layer by layer, to show how the error grows from the image to the head.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/tensor.h"
#include "compare/layer_drift.h"
#include "nibble/options.h"

namespace nibble {

/// `input(i)`: f32 [B,3,S,S], image i of `images`. Outputs of convolutions with the same name are compared (where no name is
/// shared and both files have as many convolutions of the same shapes: by their order), optimisations off. Error(input) when
/// nothing can be matched.
TensorComparison compare_tensors(const std::filesystem::path& a, const std::filesystem::path& b, std::int64_t images,
                                 const std::function<Tensor(std::int64_t)>& input, const RuntimeOptions& runtime, Progress& progress);

}  // namespace nibble

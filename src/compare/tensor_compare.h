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
#include "nibble/run.h"

namespace nibble {

/// At this ratio the error's power is 1 % of the signal's. Below it reports call a layer "diverged".
inline constexpr double kDivergedDb = 20;

struct TensorComparison {
  std::vector<LayerDrift> layers;  ///< in A's order
  std::vector<bool> is_end;        ///< for each layer: whether no other convolution follows it
  std::vector<std::string> only_a, only_b;
  bool matched_by_place = false;  ///< true where names differ, so that the n-th convolutions of both are compared with each other
  std::int64_t images = 0;

  /// Indices into layers; nothing where there is no such layer.
  std::optional<std::size_t> first_different() const;
  std::optional<std::size_t> first_below(double sqnr_db) const;  ///< a layer with values that are not finite counts as below
  std::vector<std::size_t> by_drop() const;                      ///< largest drop first; layers without one are left out
};

/// `input(i)`: f32 [B,3,S,S], image i of `images`. Outputs of convolutions with the same name are compared (where no name is
/// shared and both files have as many convolutions of the same shapes: by their order), optimisations off. Error(input) when
/// nothing can be matched.
TensorComparison compare_tensors(const std::filesystem::path& a, const std::filesystem::path& b, std::int64_t images,
                                 const std::function<Tensor(std::int64_t)>& input, const RuntimeOptions& runtime, Progress& progress);

}  // namespace nibble

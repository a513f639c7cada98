// SPDX-License-Identifier: Apache-2.0
// The best-known fault of 8-bit detectors: boxes of up to 640 px and scores of up to 1 joined, then quantised with one scale.
#pragma once
#include <onnx/onnx_pb.h>

#include <filesystem>
#include <optional>
#include <string>

namespace nibble {

/// A graph output that is the result of a DequantizeLinear with one scale, behind joined values; reshapes and casts in between count as
/// nothing.
struct SharedOutputScale {
  std::string output;
  double scale = 0;  ///< one step: scores that differ by less cannot be told apart, and those below half of it are 0
};
/// The first output whose step is too coarse for scores in 0..1: 0.5 or more.
std::optional<SharedOutputScale> find_shared_output_scale(const onnx::GraphProto& graph);
/// Nothing where the file cannot be read.
std::optional<SharedOutputScale> find_shared_output_scale(const std::filesystem::path& model);

/// "output0 is quantised with one scale (2.51) for boxes and scores; leave it and what joins them in float".
std::string text_of(const SharedOutputScale& found);

}  // namespace nibble

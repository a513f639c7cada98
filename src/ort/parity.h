// SPDX-License-Identifier: Apache-2.0
// How far apart two answers to the same question are, and whether a file answers at all.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "nibble/image_size.h"
#include "ort/session.h"

namespace nibble {

/// reference {1, -4}, other {1.5, -4}: max_abs 0.5, max_relative 0.125 (0.5 / 4), mean_abs 0.25, worst_index 0.
struct OutputDifference {
  std::string name;
  double max_abs = 0;
  double max_relative = 0;  ///< max_abs over the reference's largest magnitude; 0 when both are all zero
  double mean_abs = 0;
  std::int64_t worst_index = 0;  ///< row-major, of the largest difference
};

/// Any dtypes that convert to f32 (int64 above 2^24 is rounded). Error(input) when shapes differ, Error(numeric) naming
/// output and index on a non-finite element of either.
OutputDifference compare_tensors(const std::string& name, const Tensor& reference, const Tensor& other);

/// Runs and compares every output, by position. Error(input) when the counts differ.
std::vector<OutputDifference> compare_outputs(const Session& session, const std::vector<Tensor>& inputs,
                                              const std::vector<Tensor>& reference);
std::vector<OutputDifference> compare_sessions(const Session& reference, const Session& other, const std::vector<Tensor>& inputs);

struct SmokeOutput {
  std::string name;
  Shape shape;
  double min = 0, max = 0;
};
struct SmokeResult {
  std::vector<Shape> inputs;
  std::vector<SmokeOutput> outputs;
};
/// One run on random input in 0..1 (0 or 1 for integers, 0..255 for uint8): the same seed gives the same numbers on every machine. Extents
/// known at run time only become 1 (the batch, axis 0), or the sides of `image_size`, of the model's `imgsz`, 640 without either.
/// Error(numeric) naming output and index on a non-finite number.
SmokeResult smoke(const Session& session, std::uint64_t seed, const std::optional<ImageSize>& image_size = {});

/// The inputs smoke() uses.
std::vector<Tensor> random_inputs(const Session& session, std::uint64_t seed, const std::optional<ImageSize>& image_size = {});

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// How far the outputs of two sessions lie apart on the same inputs, and whether a file runs at all.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/tensor.h"
#include "nibble/image_size.h"
#include "ort/session.h"

namespace nibble {

/// The difference between two tensors. Example: reference {1, -4} and other {1.5, -4} give max_abs 0.5, max_relative 0.125 (0.5 / 4),
/// mean_abs 0.25 and worst_index 0.
struct OutputDifference {
  std::string name;
  double max_abs = 0;
  double max_relative = 0;  ///< max_abs divided by the reference's largest magnitude; 0 where both are all zero
  double mean_abs = 0;
  std::int64_t worst_index = 0;  ///< row-major index of the element with the largest difference
};

/// Compares tensors of any dtypes that convert to f32; int64 above 2^24 is rounded by that. Error(input) when shapes differ, Error(numeric)
/// naming output and index on a non-finite element of either.
OutputDifference compare_tensors(const std::string& name, const Tensor& reference, const Tensor& other);

/// Runs a session and compares its outputs with `reference` one by one, by position. Error(input) where their number differs.
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

/// The inputs that smoke() uses with this seed. `image_size` takes the place of a height and width that are known at run time only.
std::vector<Tensor> random_inputs(const Session& session, std::uint64_t seed, const std::optional<ImageSize>& image_size = {});

}  // namespace nibble

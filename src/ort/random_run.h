// SPDX-License-Identifier: Apache-2.0
// Whether a model computes at all: a run on random input.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/tensor.h"
#include "nibble/image_size.h"
#include "ort/session.h"

namespace nibble {

/// An input for each of the session's, of numbers in 0..1 (0 or 1 for integers, 0..255 for uint8): the same seed gives the same numbers on
/// every machine. Extents known at run time only become 1 (the batch, axis 0), or the sides of `image_size`, of the model's `imgsz`, 640
/// without either. Error(unsupported) for an input of more than 2^30 elements.
std::vector<Tensor> random_inputs(const Session& session, std::uint64_t seed, const std::optional<ImageSize>& image_size = {});

/// Runs the session on random_inputs(session, seed). Error(numeric) naming output and index on a number that is not finite.
void require_finite_outputs(const Session& session, std::uint64_t seed);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Conversion between nibble's tensors and LibTorch's.
#pragma once
#include <ATen/ATen.h>

#include "base/tensor.h"

namespace nibble {

/// Copies into a new tensor in the CPU's memory. Error(internal) for a dtype that LibTorch does not know.
at::Tensor to_torch(const Tensor& tensor);
/// Copies a tensor of any device and layout into contiguous bytes.
Tensor from_torch(const at::Tensor& tensor);

}  // namespace nibble

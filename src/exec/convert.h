// SPDX-License-Identifier: Apache-2.0
// The border between nibble's tensors and LibTorch's.
#pragma once
#include <ATen/ATen.h>

#include "base/tensor.h"

namespace nibble {

/// Copies into a fresh CPU tensor. Error(internal) for a dtype LibTorch does not know.
at::Tensor to_torch(const Tensor& tensor);
/// Copies from any device and layout into contiguous bytes.
Tensor from_torch(const at::Tensor& tensor);

}  // namespace nibble

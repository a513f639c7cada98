// SPDX-License-Identifier: Apache-2.0
// Tensors as bytes, for another process of the same job.
#pragma once
#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace nibble {

/// Tensors on the CPU of f32, i8, u8 or i32; those that are undefined stay so.
std::string bytes_of(const std::vector<at::Tensor>& tensors);
/// What bytes_of was given, contiguous.
std::vector<at::Tensor> tensors_from_bytes(const std::string& bytes);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// A second device for LibTorch, in this process's memory, that refuses what a GPU would refuse: an operator that is given a tensor
// left on the CPU (but for single numbers, which GPUs take as well) fails by name. Everything is computed by the CPU's kernels.
// Link support/other_device.cc.
#pragma once
#include <ATen/ATen.h>

namespace nibble::test {

at::Device other_device();

/// Operators it has computed so far.
std::int64_t computed_on_other_device();

}  // namespace nibble::test

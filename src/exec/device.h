// SPDX-License-Identifier: Apache-2.0
// The devices this LibTorch can compute on, found out at run time: the same code runs on a CPU and on a GPU.
#pragma once
#include <ATen/ATen.h>

#include <string>

#include "base/device.h"

namespace nibble {

struct CudaState {
  bool is_built_in = false;  ///< this LibTorch has kernels for CUDA
  int gpus = 0;              ///< seen by its driver
};
CudaState cuda_state();

/// What keeps LibTorch from computing on a GPU, and what to do; empty: nothing.
std::string missing_for_cuda(const CudaState& state);

/// Error(environment) with missing_for_cuda where a GPU is asked for in vain.
at::Device torch_device(const ComputeDevice& device);

}  // namespace nibble

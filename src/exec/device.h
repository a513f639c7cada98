// SPDX-License-Identifier: Apache-2.0
// The devices and threads that LibTorch computes with. What it can compute on is found out at run time: the same code runs on a CPU and on
// a GPU.
#pragma once
#include <ATen/ATen.h>

#include <string>

#include "base/device.h"

namespace nibble {

struct CudaState {
  bool is_built_in = false;  ///< whether this LibTorch has kernels for CUDA
  int gpus = 0;              ///< how many GPUs the driver sees
};
CudaState cuda_state();

/// What keeps LibTorch from computing on a GPU, and what to do about it; empty where nothing does.
std::string missing_for_cuda(const CudaState& state);

/// The device in LibTorch's terms. Error(environment) with the text of missing_for_cuda where a GPU is asked for and cannot be used.
at::Device torch_device(const ComputeDevice& device);

/// `asked` of them, 0 for as many as there are cores, from now on in this process. Errors as require_threads.
void compute_with_threads(int asked);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "exec/device.h"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <fmt/format.h>
#include <torch/version.h>

#include "base/threads.h"
#include "nibble/error.h"

namespace nibble {

CudaState cuda_state() {
  CudaState state;
  state.is_built_in = c10::impl::hasDeviceGuardImpl(c10::DeviceType::CUDA);
  if (state.is_built_in) state.gpus = static_cast<int>(at::getNumGPUs());
  return state;
}

std::string missing_for_cuda(const CudaState& state) {
  if (!state.is_built_in)
    return fmt::format(
        "LibTorch {}: is built without CUDA; build nibble with the PyPI build of torch (cmake --preset cuda, TORCH_WHEEL: "
        "see README), or use --provider cpu",
        TORCH_VERSION);
  if (state.gpus == 0)
    return fmt::format(
        "LibTorch {}: sees no GPU; load the NVIDIA driver (nvidia-smi must list the GPU), look whether CUDA_VISIBLE_DEVICES "
        "hides it, or use --provider cpu",
        TORCH_VERSION);
  return "";
}

at::Device torch_device(const ComputeDevice& device) {
  if (device.kind == DeviceKind::cpu) return at::Device(at::kCPU);
  const CudaState state = cuda_state();
  if (const auto missing = missing_for_cuda(state); !missing.empty()) throw Error(ErrorKind::environment, "provider cuda: " + missing);
  // 10 bits of mantissa would move values over the borders of codes that the float network in single precision stays within.
  at::globalContext().setAllowTF32CuDNN(false);
  at::globalContext().setAllowTF32CuBLAS(false);
  return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.local_rank % state.gpus));
}

void compute_with_threads(int asked) {
  require_threads(thread_count(asked));
  at::set_num_threads(thread_count(asked));
}

}  // namespace nibble

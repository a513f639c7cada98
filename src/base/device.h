// SPDX-License-Identifier: Apache-2.0
// Where LibTorch shall compute, said without LibTorch.
#pragma once

namespace nibble {

enum class DeviceKind { cpu, cuda };

struct ComputeDevice {
  DeviceKind kind = DeviceKind::cpu;
  int local_rank = 0;  ///< which of this machine's processes asks: it gets the GPU of this number, modulo the GPUs there are
};

}  // namespace nibble

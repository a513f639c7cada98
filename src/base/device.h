// SPDX-License-Identifier: Apache-2.0
// The device that LibTorch is to compute on, in plain types.
#pragma once

namespace nibble {

enum class DeviceKind { cpu, cuda };

struct ComputeDevice {
  DeviceKind kind = DeviceKind::cpu;
  int local_rank = 0;  ///< the number of the asking process on this machine; it gets the GPU of this number, modulo the number of GPUs
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What --provider means to commands that compute with LibTorch as well as with ONNX Runtime.
#pragma once
#include "base/device.h"
#include "nibble/options.h"

namespace nibble {

/// Error(environment) naming everything that LibTorch or ONNX Runtime lacks for the provider, Error(usage) for a provider that neither
/// knows. To be called before work begins.
void require_compute_provider(const RuntimeOptions& runtime);

/// The device that LibTorch computes on with this provider; `local_rank` as in ComputeDevice.
ComputeDevice compute_device(const RuntimeOptions& runtime, int local_rank = 0);

}  // namespace nibble

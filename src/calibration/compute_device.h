// SPDX-License-Identifier: Apache-2.0
// What --provider means to commands that compute with LibTorch as well as with ONNX Runtime.
#pragma once
#include "base/device.h"
#include "nibble/options.h"

namespace nibble {

/// Error(environment) naming all that either library lacks for the provider, Error(usage) when nobody knows it. To be called before
/// work begins.
void require_compute_provider(const RuntimeOptions& runtime);

/// Where LibTorch computes; `local_rank` as in ComputeDevice.
ComputeDevice compute_device(const RuntimeOptions& runtime, int local_rank = 0);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The machine a run was made on, as far as it can change numbers or times.
#pragma once
#include "base/json.h"

namespace nibble {

/// {os, kernel, architecture, cpu, cpu_flags (those that choose kernels), cores, memory_bytes, gpu_driver}.
Json machine_facts();

}  // namespace nibble

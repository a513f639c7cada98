// SPDX-License-Identifier: Apache-2.0
// The machine a run was made on, as far as it can change numbers or times.
#pragma once
#include "base/json.h"

namespace nibble {

/// Number of cores this process may use.
int usable_cores();

/// {os, kernel, architecture, cpu, cpu_flags (those that choose kernels), cores, memory_bytes, gpu_driver}.
Json machine_facts();

/// Decimal units: 9460000 is "9.46 MB".
std::string size_text(std::int64_t bytes);

}  // namespace nibble

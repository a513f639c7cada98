// SPDX-License-Identifier: Apache-2.0
#include "calibration/compute_device.h"

#include <fmt/format.h>

#include "base/loadable_module.h"
#include "nibble/error.h"
#include "quant/calibrate.h"
#include "quant/calibrate_module.h"
#include "scoring/detector_file.h"

namespace nibble {

void require_compute_provider(const RuntimeOptions& runtime) {
  require_module_memory(kTorchModule);
  if (compute_device(runtime).kind == DeviceKind::cpu) return;
  const std::string in_torch = torch_info().missing_for_cuda;
  try {
    require_provider(runtime.provider);
  } catch (const Error& error) {
    if (in_torch.empty() || error.kind() != ErrorKind::environment) throw;
    throw Error(error.kind(), fmt::format("{}. Besides, {}", error.what(), in_torch));
  }
  if (!in_torch.empty()) throw Error(ErrorKind::environment, fmt::format("provider {}: {}", runtime.provider, in_torch));
}

ComputeDevice compute_device(const RuntimeOptions& runtime, int local_rank) {
  return {parse_provider(runtime.provider) == Provider::cuda ? DeviceKind::cuda : DeviceKind::cpu, local_rank};
}

}  // namespace nibble

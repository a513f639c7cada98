// SPDX-License-Identifier: Apache-2.0
#include "quant/calibrate.h"

#include <cstdlib>

#include "base/loadable_module.h"
#include "quant/calibrate_module.h"

namespace nibble {
namespace {

/// Idle OpenMP threads sleep instead of spinning: with a busy neighbour on the machine spinning makes two threads several
/// times slower than one. Read by libgomp when it is loaded, which is with the module; a value the user set wins.
template <class Signature>
Signature* torch_function(const char* symbol) {
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);
  return module_function<Signature>(kTorchModule, symbol);
}

}  // namespace

CalibrationResult calibrate(const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options, Progress& progress) {
  CalibrationResult result;
  torch_function<CalibrateFunction>(kCalibrateSymbol)(baseline, images, options, progress, result);
  return result;
}

void help_to_calibrate(SharedLoop loop, const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options) {
  torch_function<HelpToCalibrateFunction>(kHelpToCalibrateSymbol)(loop, baseline, images, options);
}

TorchInfo torch_info() {
  TorchInfo info;
  torch_function<TorchInfoFunction>(kTorchInfoSymbol)(info);
  return info;
}

}  // namespace nibble

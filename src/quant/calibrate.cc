// SPDX-License-Identifier: Apache-2.0
#include "quant/calibrate.h"

#include <cstdlib>
#include <string>

#include "base/island.h"

namespace nibble {
namespace {

/// Idle OpenMP threads sleep instead of spinning: with a busy neighbour on the machine spinning makes two threads several
/// times slower than one. Read by libgomp when it is loaded, which is with the island; a value the user set wins.
template <class Signature>
Signature* torch_function(const std::string& symbol) {
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);
  return island_function<Signature>("nibble_torch", symbol);
}

}  // namespace

CalibrationResult calibrate(const Graph& baseline, const CalibrationImages& images, const CalibrateOptions& options, Progress& progress) {
  using Calibrate = void(const Graph&, const CalibrationImages&, const CalibrateOptions&, Progress&, CalibrationResult&);
  CalibrationResult result;
  torch_function<Calibrate>("nibble_calibrate")(baseline, images, options, progress, result);
  return result;
}

TorchInfo torch_info() {
  TorchInfo info;
  torch_function<void(TorchInfo&)>("nibble_torch_info")(info);
  return info;
}

}  // namespace nibble

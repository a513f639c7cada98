// SPDX-License-Identifier: Apache-2.0
// What the shared module nibble_torch offers to calibrate.cc: C names with these C++ types.
#pragma once
#include "quant/calibrate.h"

namespace nibble {

using CalibrateFunction = void(const Graph&, const CalibrationImages&, const CalibrateOptions&, Progress&, CalibrationResult&);
using HelpToCalibrateFunction = void(SharedLoop, const Graph&, const CalibrationImages&, const CalibrateOptions&);
using TorchInfoFunction = void(TorchInfo&);

inline constexpr const char* kTorchModule = "nibble_torch";
inline constexpr const char* kCalibrateSymbol = "nibble_calibrate";
inline constexpr const char* kHelpToCalibrateSymbol = "nibble_help_to_calibrate";
inline constexpr const char* kTorchInfoSymbol = "nibble_torch_info";

}  // namespace nibble

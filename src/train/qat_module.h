// SPDX-License-Identifier: Apache-2.0
// What the shared module nibble_torch offers to qat.cc: a C name with this C++ type.
#pragma once
#include "train/qat.h"

namespace nibble {

using TrainQuantizedFunction = void(const Graph&, const Graph&, const QatHead&, const QatData&, const std::function<double(const Graph&)>&,
                                    const QatSettings&, const FitObserver&, QatResult&);
inline constexpr const char* kTrainQuantizedSymbol = "nibble_train_quantized";

}  // namespace nibble

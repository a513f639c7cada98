// SPDX-License-Identifier: Apache-2.0
#include "train/qat.h"

#include "base/loadable_module.h"
#include "train/qat_module.h"

namespace nibble {

QatResult train_quantized(const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data,
                          const std::function<double(const Graph&)>& score, const QatSettings& options, const FitObserver& observer) {
  QatResult result;
  module_function<TrainQuantizedFunction>("nibble_torch", kTrainQuantizedSymbol)(baseline, quantized, head, data, score, options, observer,
                                                                                 result);
  return result;
}

}  // namespace nibble

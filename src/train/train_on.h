// SPDX-License-Identifier: Apache-2.0
// The training of train/qat.h in LibTorch, on a device of its own.
#pragma once
#include <ATen/ATen.h>

#include "train/qat.h"

namespace nibble {

/// train_quantized with everything that is learned, both networks and the batches on `device`; graphs, snapshots and what `data` and
/// `score` give and get are in the CPU's memory, and the same for all devices but for rounding. `options.device` is not looked at.
QatResult train_on(const at::Device& device, const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data,
                   const std::function<double(const Graph&)>& score, const QatSettings& options, const FitObserver& observer);

}  // namespace nibble

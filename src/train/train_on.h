// SPDX-License-Identifier: Apache-2.0
// The training of train/qat.h in LibTorch, on a given device.
#pragma once
#include <ATen/ATen.h>

#include "train/qat.h"

namespace nibble {

/// Does what train_quantized promises, with both networks, the learned tensors and the batches on `device`; options.device is not looked
/// at. Graphs, snapshots, and what `data` and `score` are given or return, are in the CPU's memory. Devices differ in their results only by
/// rounding.
QatResult train_on(const at::Device& device, const Graph& baseline, const Graph& quantized, const QatHead& head, const QatData& data,
                   const std::function<double(const Graph&)>& score, const QatSettings& options, const FitObserver& observer);

}  // namespace nibble

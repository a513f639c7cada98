// SPDX-License-Identifier: Apache-2.0
// Which tensors of a net a training changes.
#pragma once
#include <vector>

#include "exec/net.h"
#include "train/fit.h"
#include "train/qat.h"

namespace nibble {

/// The groups "weights" (latents), "scales", "activations" and "biases" whose rate in the settings is above 0 and that have a tensor. Their
/// tensors require gradients from here on, and no other of the net: what is frozen costs neither the time nor the memory of gradients.
std::vector<ParameterGroup> learned_parameters(Net& net, const QatSettings& settings);

}  // namespace nibble

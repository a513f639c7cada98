// SPDX-License-Identifier: Apache-2.0
// Clipping of gradients by their common length (Pascanu et al. 2013), with PyTorch's numbers (clip_grad_norm_).
#pragma once
#include <ATen/ATen.h>

#include <vector>

namespace nibble {

/// Length of all gradients together: sqrt(sum of squares), summed in double precision. Parameters without a gradient count
/// as 0. Infinite or NaN where a gradient is.
double gradient_norm(const std::vector<at::Tensor>& parameters);

/// Scales all gradients in place by max_norm / (norm + 1e-6) where that is below 1, and returns the norm before. Gradients of
/// a norm that is not finite are left alone: the caller looks at the returned value (train/divergence_watch.h).
/// Error(usage) unless max_norm is positive.
double clip_gradient_norm(const std::vector<at::Tensor>& parameters, double max_norm);

}  // namespace nibble

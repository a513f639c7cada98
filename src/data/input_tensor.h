// SPDX-License-Identifier: Apache-2.0
// Network images as the tensors that files of other exporters want.
#pragma once
#include <vector>

#include "data/image.h"

namespace nibble {

/// u8 [B,3,H,W]: the pixels as they are, 0..255. Error(internal) on unequal sizes or none.
Tensor stack_pixels(const std::vector<NetworkImage>& images);

/// [B,3,H,W] as [B,H,W,3], of any type.
Tensor with_channels_last(const Tensor& planes);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Tensors in torch.save's pickles: reads what a persistent id and torch._utils._rebuild_tensor_v2 say, and checks whether it fits.
#pragma once
#include <span>
#include <vector>

#include "base/tensor.h"
#include "ckpt/value.h"

namespace nibble {

/// A storage from its persistent id ('storage', type, key, location, elements). Error(unsupported) for element types
/// that Tensor has none for (complex, quantised).
PickleTensor storage_of(const std::vector<PickleRef>& id);
/// The tensor that (storage, offset, shape, strides, ...) describe, after check_layout.
PickleTensor rebuild_tensor(const std::vector<PickleRef>& arguments);

/// Error(input) unless every element lies inside the storage, sizes do not overflow, and the tensor is not larger in
/// memory than its storage (strides of 0 repeat elements; up to kMaxRepeatedBytes they may).
void check_layout(const PickleTensor& tensor);
inline constexpr std::int64_t kMaxRepeatedBytes = 64 << 20;
inline constexpr std::size_t kMaxRank = 64;  ///< PyTorch's own limit

/// How many bytes the storage takes in the file. check_layout must have passed.
std::uint64_t storage_bytes(const PickleTensor& tensor);
/// The tensor's elements, made contiguous. check_layout must have passed, and `storage` must have storage_bytes(tensor) bytes.
Tensor gather(const PickleTensor& tensor, std::span<const std::byte> storage);

}  // namespace nibble

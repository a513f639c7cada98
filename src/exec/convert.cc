// SPDX-License-Identifier: Apache-2.0
#include "exec/convert.h"

#include <array>
#include <cstring>
#include <utility>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::array<std::pair<DType, at::ScalarType>, 9> kTypes{{{DType::f32, at::kFloat},
                                                                  {DType::f16, at::kHalf},
                                                                  {DType::f64, at::kDouble},
                                                                  {DType::i64, at::kLong},
                                                                  {DType::i32, at::kInt},
                                                                  {DType::i16, at::kShort},
                                                                  {DType::i8, at::kChar},
                                                                  {DType::u8, at::kByte},
                                                                  {DType::boolean, at::kBool}}};

}  // namespace

at::Tensor to_torch(const Tensor& tensor) {
  for (const auto& [ours, theirs] : kTypes) {
    if (ours != tensor.dtype()) continue;
    at::Tensor result = at::empty(tensor.shape(), at::TensorOptions().dtype(theirs));
    if (!tensor.bytes().empty()) std::memcpy(result.data_ptr(), tensor.bytes().data(), tensor.bytes().size());
    return result;
  }
  throw Error(ErrorKind::internal, "exec: no LibTorch type for " + std::string(name_of(tensor.dtype())));
}

Tensor from_torch(const at::Tensor& tensor) {
  const at::Tensor host = tensor.detach().to(at::kCPU).contiguous();
  for (const auto& [ours, theirs] : kTypes) {
    if (theirs != host.scalar_type()) continue;
    return Tensor::from_bytes(ours, host.sizes().vec(), {static_cast<const std::byte*>(host.data_ptr()), host.nbytes()});
  }
  throw Error(ErrorKind::internal, "exec: no nibble type for a LibTorch tensor");
}

}  // namespace nibble

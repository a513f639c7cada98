// SPDX-License-Identifier: Apache-2.0
#include "support/other_device.h"

#include <ATen/native/CPUFallback.h>
#include <c10/core/Allocator.h>
#include <c10/core/DeviceType.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>
#include <torch/version.h>
#if TORCH_VERSION_MAJOR >= 2
#include <ATen/detail/PrivateUse1HooksInterface.h>
#endif

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace nibble::test {
namespace {

constexpr c10::DeviceType kType = c10::DeviceType::PrivateUse1;
std::atomic<std::int64_t> computed = 0;

/// LibTorch made `allocate` no longer const, and copy_data a must, in between; both forms are here and one of them overrides.
struct Memory final : c10::Allocator {
  c10::DataPtr allocate(std::size_t bytes) { return take(bytes); }
  c10::DataPtr allocate(std::size_t bytes) const { return take(bytes); }
  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }

 private:
  static c10::DataPtr take(std::size_t bytes) {
    void* data = std::malloc(bytes + 1);
    return {data, data, &std::free, at::Device(kType, 0)};
  }
};
Memory memory;

at::Tensor empty_strided(at::IntArrayRef sizes, at::IntArrayRef strides, at::ScalarType type) {
  const auto meta = at::scalarTypeToTypeMeta(type);
  std::int64_t elements = 1;
  for (std::size_t i = 0; i < sizes.size(); ++i) elements = sizes[i] == 0 ? 0 : elements == 0 ? 0 : elements + (sizes[i] - 1) * strides[i];
  const std::size_t bytes = static_cast<std::size_t>(elements) * meta.itemsize();
  auto storage = c10::make_intrusive<c10::StorageImpl>(c10::StorageImpl::use_byte_size_t(), bytes, memory.allocate(bytes), &memory, true);
  at::Tensor tensor =
      at::detail::make_tensor<c10::TensorImpl>(std::move(storage), c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), meta);
  tensor.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return tensor;
}

/// The same memory as a tensor of the CPU.
at::Tensor in_memory(const at::Tensor& tensor) {
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(), at::TensorOptions().dtype(tensor.scalar_type()));
}

at::Tensor empty_op(at::IntArrayRef sizes, c10::optional<at::ScalarType> type, c10::optional<at::Layout>, c10::optional<at::Device>,
                    c10::optional<bool>, c10::optional<at::MemoryFormat> format) {
  const at::Tensor like = at::empty(sizes, at::TensorOptions().dtype(at::kByte).device(at::kMeta), format);
  return empty_strided(sizes, like.strides(), type.value_or(at::kFloat));
}

at::Tensor empty_strided_op(at::IntArrayRef sizes, at::IntArrayRef strides, c10::optional<at::ScalarType> type, c10::optional<at::Layout>,
                            c10::optional<at::Device>, c10::optional<bool>) {
  return empty_strided(sizes, strides, type.value_or(at::kFloat));
}

at::Tensor as_strided_op(const at::Tensor& self, at::IntArrayRef sizes, at::IntArrayRef strides, c10::optional<std::int64_t> offset) {
  at::Tensor view =
      at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(self.storage()), self.key_set(), self.dtype());
  view.unsafeGetTensorImpl()->set_storage_offset(offset.value_or(self.storage_offset()));
  view.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return view;
}

at::Tensor view_op(const at::Tensor& self, at::IntArrayRef sizes) {
  const at::Tensor like = at::empty_strided(self.sizes(), self.strides(), at::TensorOptions().device(at::kMeta)).view(sizes);
  return as_strided_op(self, like.sizes(), like.strides(), self.storage_offset());
}

at::Tensor reshape_alias_op(const at::Tensor& self, at::IntArrayRef sizes, at::IntArrayRef strides) {
  return as_strided_op(self, sizes, strides, self.storage_offset());
}

at::Tensor copy_from_op(const at::Tensor& from, const at::Tensor& to, bool) {
  in_memory(to).copy_(in_memory(from));
  return to;
}

const at::Tensor& resize_op(const at::Tensor& self, at::IntArrayRef sizes, c10::optional<at::MemoryFormat>) {
  const at::Tensor fresh = empty_op(sizes, self.scalar_type(), {}, {}, {}, {});
  self.unsafeGetTensorImpl()->set_storage_keep_dtype(fresh.storage());
  self.unsafeGetTensorImpl()->set_sizes_and_strides(fresh.sizes(), fresh.strides());
  return self;
}

at::Tensor copy_from_and_resize_op(const at::Tensor& from, const at::Tensor& to) {
  if (to.sizes() != from.sizes()) resize_op(to, from.sizes(), {});
  return copy_from_op(from, to, false);
}

void require_here(const c10::OperatorHandle& op, const at::Tensor& tensor) {
  TORCH_CHECK(!tensor.defined() || tensor.dim() == 0 || tensor.device().type() == kType, op.schema().name(),
              " beside tensors of another device: a tensor of ", tensor.sizes(), " was left on the ", tensor.device());
}

/// Looks at all tensors an operator is given. Lists with gaps are moved here, because LibTorch's own fallback forgets them.
void compute(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  ++computed;
  const std::size_t count = op.schema().arguments().size();
  for (std::size_t i = stack->size() - count; i < stack->size(); ++i) {
    c10::IValue& value = (*stack)[i];
    if (value.isTensor()) require_here(op, value.toTensor());
    if (value.isTensorList())
      for (const at::Tensor& tensor : value.toTensorVector()) require_here(op, tensor);
    if (!value.isList() || value.isTensorList()) continue;
    if (const auto list = value.toList(); list.elementType()->isSubtypeOf(*c10::OptionalType::ofTensor())) {
      c10::List<c10::optional<at::Tensor>> moved;
      for (std::size_t k = 0; k < list.size(); ++k) {
        const c10::IValue entry = list.get(k);
        if (entry.isTensor()) require_here(op, entry.toTensor());
        moved.push_back(entry.isTensor() && entry.toTensor().defined() ? c10::optional<at::Tensor>(entry.toTensor().cpu()) : c10::nullopt);
      }
      value = moved;
    }
  }
  at::native::cpu_fallback(op, stack);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, library) { library.fallback(torch::CppFunction::makeFromBoxedFunction<&compute>()); }

TORCH_LIBRARY_IMPL(aten, PrivateUse1, library) {
  library.impl("empty.memory_format", &empty_op);
  library.impl("empty_strided", &empty_strided_op);
  library.impl("as_strided", &as_strided_op);
  library.impl("view", &view_op);
  library.impl("_reshape_alias", &reshape_alias_op);
  library.impl("resize_", &resize_op);
  library.impl("_copy_from", &copy_from_op);
  library.impl("_copy_from_and_resize", &copy_from_and_resize_op);
  // Made of others for unknown devices, or in a way that LibTorch's fallback complains about.
  for (const char* name : {"convolution", "convolution_backward", "mse_loss"})
    library.impl(name, torch::CppFunction::makeFromBoxedFunction<&compute>());
}

#if TORCH_VERSION_MAJOR >= 2
/// Backward asks the accelerator it takes a process to have; where CUDA is built in, that would be CUDA.
struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
};
#endif

/// One device, one stream, and nothing to wait for.
struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return kType; }
  c10::Device exchangeDevice(c10::Device) const override { return getDevice(); }
  c10::Device getDevice() const override { return {kType, 0}; }
  void setDevice(c10::Device) const override {}
  void uncheckedSetDevice(c10::Device) const noexcept override {}
  c10::Stream getStream(c10::Device) const noexcept override { return c10::Stream(c10::Stream::DEFAULT, getDevice()); }
  c10::Stream exchangeStream(c10::Stream stream) const noexcept override { return stream; }
  c10::DeviceIndex deviceCount() const noexcept override { return 1; }
  void record(void**, const c10::Stream&, const c10::DeviceIndex, const c10::EventFlag) const override {}
  void block(void*, const c10::Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
  void destroyEvent(void*, const c10::DeviceIndex) const noexcept override {}
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

}  // namespace

at::Device other_device() {
  static const bool registered = [] {
    c10::SetAllocator(kType, &memory);
#if TORCH_VERSION_MAJOR >= 2
    static Hooks hooks;
    at::RegisterPrivateUse1HooksInterface(&hooks);
    c10::register_privateuse1_backend("other");
#endif
    return true;
  }();
  static_cast<void>(registered);
  return {kType, 0};
}

std::int64_t computed_on_other_device() { return computed; }

}  // namespace nibble::test

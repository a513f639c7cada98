// SPDX-License-Identifier: Apache-2.0
#include "ckpt/pickle_tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <string_view>

#include "ckpt/text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void refuse(const std::string& why, ErrorKind kind = ErrorKind::input) { throw Error(kind, why); }

struct ElementType {
  DType dtype = DType::f32;
  bool is_bfloat16 = false;
};

ElementType element_type(const PickleGlobal& type) {
  static const std::map<std::string_view, ElementType> table = {
      {"BFloat16Storage", {DType::f32, true}},
      {"BoolStorage", {DType::boolean}},
      {"ByteStorage", {DType::u8}},
      {"CharStorage", {DType::i8}},
      {"DoubleStorage", {DType::f64}},
      {"FloatStorage", {DType::f32}},
      {"HalfStorage", {DType::f16}},
      {"IntStorage", {DType::i32}},
      {"LongStorage", {DType::i64}},
      {"ShortStorage", {DType::i16}},
      {"UntypedStorage", {DType::u8}},
  };
  const auto found = table.find(type.name);
  const bool is_torch = type.module == "torch" || type.module == "torch.storage" || type.module == "torch.cuda";
  const bool is_quantised = type.name.starts_with("QInt") || type.name.starts_with("QUInt");
  if (is_torch && is_quantised)
    refuse(fmt::format(
               "it holds quantised tensors ('torch.{}'), which keep no float weights; save the model as it was before it was quantised",
               type.name),
           ErrorKind::unsupported);
  if (!is_torch || found == table.end())
    refuse(fmt::format("storages of type {} are not read", in_quotes(type.module + "." + type.name)), ErrorKind::unsupported);
  return found->second;
}

std::int64_t integer_of(const PickleRef& value, const char* what) {
  const auto* number = value->get_if<std::int64_t>();
  if (!number) refuse(fmt::format("{} should be an integer, not {}", what, describe(value)));
  return *number;
}

Shape integers_of(const PickleRef& value, const char* what) {
  const auto* list = value->get_if<PickleList>();
  if (!list) refuse(fmt::format("{} should be a tuple, not {}", what, describe(value)));
  if (list->items.size() > kMaxRank) refuse(fmt::format("{} has {} numbers, more than {}", what, list->items.size(), kMaxRank));
  Shape numbers;
  for (const auto& item : list->items) numbers.push_back(integer_of(item, what));
  return numbers;
}

[[noreturn]] void refuse_layout(const PickleTensor& tensor, const std::string& why) {
  refuse(fmt::format("tensor of shape [{}], strides [{}], offset {} in storage {} of {} elements: {}", fmt::join(tensor.shape, ","),
                     fmt::join(tensor.strides, ","), tensor.offset, in_quotes(tensor.storage_key), tensor.storage_elements, why));
}

/// Product of the extents. Refused on overflow: a tensor must be countable in bytes.
std::int64_t checked_count(const PickleTensor& tensor) {
  std::int64_t count = 1;
  std::int64_t bytes = 0;
  for (const auto extent : tensor.shape) {
    if (extent < 0) refuse_layout(tensor, "negative extent");
    if (__builtin_mul_overflow(count, extent, &count)) refuse_layout(tensor, "too many elements");
  }
  if (__builtin_mul_overflow(count, std::int64_t{8}, &bytes)) refuse_layout(tensor, "too many elements");
  return count;
}

/// Index of the last element, offset included.
std::int64_t checked_last(const PickleTensor& tensor) {
  std::int64_t last = tensor.offset;
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    std::int64_t span = 0;
    if (__builtin_mul_overflow(tensor.shape[i] - 1, tensor.strides[i], &span) || __builtin_add_overflow(last, span, &last))
      refuse_layout(tensor, "the strides overflow");
  }
  return last;
}

bool is_contiguous(const PickleTensor& tensor) {
  std::int64_t expected = 1;
  for (std::size_t i = tensor.shape.size(); i-- > 0;) {
    if (tensor.shape[i] != 1 && tensor.strides[i] != expected) return false;
    expected *= tensor.shape[i];
  }
  return true;
}

/// Moves `index` one element on, last dimension fastest, and `position` with it.
void advance(const PickleTensor& tensor, Shape& index, std::int64_t& position) {
  for (std::size_t i = index.size(); i-- > 0;) {
    if (tensor.shape[i] == 1) continue;  // its stride may be anything
    position += tensor.strides[i];
    if (++index[i] < tensor.shape[i]) return;
    position -= tensor.strides[i] * tensor.shape[i];
    index[i] = 0;
  }
}

/// memcpy because storages of old files lie at any byte.
template <class T>
std::vector<T> gather_as(const PickleTensor& tensor, std::span<const std::byte> storage) {
  std::vector<T> values(static_cast<std::size_t>(count_of(tensor.shape)));
  if (values.empty()) return values;
  const auto* const base = storage.data();
  if (is_contiguous(tensor)) {
    std::memcpy(values.data(), base + static_cast<std::size_t>(tensor.offset) * sizeof(T), values.size() * sizeof(T));
    return values;
  }
  Shape index(tensor.shape.size(), 0);
  std::int64_t position = tensor.offset;
  for (auto& value : values) {
    std::memcpy(&value, base + static_cast<std::size_t>(position) * sizeof(T), sizeof(T));
    advance(tensor, index, position);
  }
  return values;
}

template <class T>
Tensor gather_tensor(const PickleTensor& tensor, std::span<const std::byte> storage) {
  return Tensor::of<T>(tensor.shape, gather_as<T>(tensor, storage));
}

/// bfloat16 is the upper half of a binary32.
Tensor gather_bfloat16(const PickleTensor& tensor, std::span<const std::byte> storage) {
  const auto halves = gather_as<std::uint16_t>(tensor, storage);
  std::vector<float> values(halves.size());
  std::transform(halves.begin(), halves.end(), values.begin(),
                 [](std::uint16_t half) { return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16); });
  return Tensor::of<float>(tensor.shape, std::move(values));
}

Tensor gather_boolean(const PickleTensor& tensor, std::span<const std::byte> storage) {
  auto bytes = gather_as<std::uint8_t>(tensor, storage);
  for (auto& byte : bytes) byte = byte != 0;
  return Tensor::from_bytes(DType::boolean, tensor.shape, std::as_bytes(std::span(bytes)));
}

}  // namespace

PickleTensor storage_of(const std::vector<PickleRef>& id) {
  const auto* kind = id.empty() ? nullptr : id[0]->get_if<std::string>();
  if (!kind || *kind != "storage" || id.size() < 5) refuse("a persistent id that is no storage of torch.save");
  const auto* type = id[1]->get_if<PickleGlobal>();
  const auto* key = id[2]->get_if<std::string>();
  if (!type || !key) refuse(fmt::format("a storage of type {} with the key {}", describe(id[1]), describe(id[2])));
  const ElementType element = element_type(*type);
  PickleTensor storage;
  storage.storage_key = *key;
  storage.dtype = element.dtype;
  storage.stored_as_bfloat16 = element.is_bfloat16;
  storage.storage_elements = integer_of(id[4], "the size of a storage");
  storage.shape = {storage.storage_elements};
  storage.strides = {1};
  check_layout(storage);
  return storage;
}

PickleTensor rebuild_tensor(const std::vector<PickleRef>& arguments) {
  if (arguments.size() < 4) refuse(fmt::format("a tensor is made of at least 4 arguments, not {}", arguments.size()));
  const auto* storage = arguments[0]->get_if<PickleTensor>();
  if (!storage) refuse(fmt::format("the storage of a tensor is {}", describe(arguments[0])));
  PickleTensor tensor = *storage;
  tensor.offset = integer_of(arguments[1], "a tensor's offset");
  tensor.shape = integers_of(arguments[2], "a tensor's shape");
  tensor.strides = integers_of(arguments[3], "a tensor's strides");
  check_layout(tensor);
  // The seventh argument of _rebuild_tensor_v2: bits of views that torch computes when they are read.
  if (const auto* bits = arguments.size() > 6 ? arguments[6]->get_if<PickleDict>() : nullptr)
    for (const auto& [name, value] : bits->items)
      if (const auto* is_set = value->get_if<bool>(); is_set != nullptr && *is_set)
        refuse(fmt::format("a tensor is stored as a view with {} set; save it by .resolve_neg() and .resolve_conj()", describe(name)),
               ErrorKind::unsupported);
  return tensor;
}

void check_layout(const PickleTensor& tensor) {
  if (tensor.shape.size() != tensor.strides.size() || tensor.shape.size() > kMaxRank) refuse_layout(tensor, "ranks do not match");
  if (tensor.storage_elements < 0 || tensor.storage_elements > INT64_MAX / 8) refuse_layout(tensor, "impossible storage size");
  if (tensor.offset < 0) refuse_layout(tensor, "negative offset");
  if (std::any_of(tensor.strides.begin(), tensor.strides.end(), [](std::int64_t stride) { return stride < 0; }))
    refuse_layout(tensor, "negative stride");
  const std::int64_t count = checked_count(tensor);
  if (count == 0) return;
  const std::int64_t last = checked_last(tensor);
  if (last >= tensor.storage_elements) refuse_layout(tensor, fmt::format("its last element would be number {}", last));
  const auto element_bytes = static_cast<std::int64_t>(stored_element_bytes(tensor));
  if (count > tensor.storage_elements && count * element_bytes > kMaxRepeatedBytes)
    refuse_layout(tensor, fmt::format("it repeats elements to {} bytes, more than {}", count * element_bytes, kMaxRepeatedBytes));
}

std::uint64_t storage_bytes(const PickleTensor& tensor) {
  return static_cast<std::uint64_t>(tensor.storage_elements) * stored_element_bytes(tensor);
}

Tensor gather(const PickleTensor& tensor, std::span<const std::byte> storage) {
  if (tensor.stored_as_bfloat16) return gather_bfloat16(tensor, storage);
  switch (tensor.dtype) {
    case DType::f32: return gather_tensor<float>(tensor, storage);
    case DType::f16: return gather_tensor<Half>(tensor, storage);
    case DType::f64: return gather_tensor<double>(tensor, storage);
    case DType::i64: return gather_tensor<std::int64_t>(tensor, storage);
    case DType::i32: return gather_tensor<std::int32_t>(tensor, storage);
    case DType::i16: return gather_tensor<std::int16_t>(tensor, storage);
    case DType::i8: return gather_tensor<std::int8_t>(tensor, storage);
    case DType::u8: return gather_tensor<std::uint8_t>(tensor, storage);
    case DType::boolean: return gather_boolean(tensor, storage);
  }
  throw Error(ErrorKind::internal, "checkpoint: a tensor of unknown type");
}

}  // namespace nibble

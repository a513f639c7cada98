// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/activation_store.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/own_pages.h"
#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void fail(const char* what) {
  const std::string reason = std::strerror(errno);
  throw Error(ErrorKind::environment,
              fmt::format("calibrate: a temporary file in {} cannot be {}: {}; free disk space there, set TMPDIR to another folder or use "
                          "fewer calibration images",
                          folder_for_temporaries().string(), what, reason));
}

/// A copy, so that kept activations do not pin the heap of the short-lived ones: the peak would grow with the number of images.
at::Tensor in_own_pages(const at::Tensor& dense) {
  const std::size_t bytes = dense.nbytes();
  if (bytes == 0) return dense;
  void* pages = allocate_pages(bytes);
  std::memcpy(pages, dense.data_ptr(), bytes);
  return at::from_blob(
      pages, dense.sizes(), dense.strides(), [bytes](void* at) { free_pages(at, bytes); }, dense.options());
}

}  // namespace

void ActivationStore::spill(Entry& entry, Slot& slot, const at::Tensor& tensor) {
  if (!entry.file) entry.file = open_temporary_file();
  slot.offset_bytes = entry.file_bytes;
  if (std::fseek(entry.file.get(), slot.offset_bytes, SEEK_SET) != 0 ||
      std::fwrite(tensor.data_ptr(), 1, tensor.nbytes(), entry.file.get()) != tensor.nbytes() || std::fflush(entry.file.get()) != 0)
    fail("written");
  entry.file_bytes += static_cast<long>(tensor.nbytes());
}

void ActivationStore::put(ValueId value, std::int64_t batch, const at::Tensor& tensor) {
  const at::MemoryFormat format = tensor.suggest_memory_format();
  const at::Tensor dense = tensor.contiguous(format);
  Entry& entry = entries_[value];
  Slot& slot = entry.batches[batch];
  slot.sizes = dense.sizes().vec();
  slot.format = format;
  const auto bytes = static_cast<std::int64_t>(dense.nbytes());
  if (used_bytes_ + bytes > budget_bytes_) return spill(entry, slot, dense);
  slot.tensor = in_own_pages(dense);
  used_bytes_ += bytes;
}

at::Tensor ActivationStore::get(ValueId value, std::int64_t batch) const {
  const Entry& entry = entries_.at(value);
  const Slot& slot = entry.batches.at(batch);
  if (slot.tensor.defined()) return slot.tensor;
  at::Tensor tensor = at::empty(slot.sizes, at::TensorOptions(at::kFloat).memory_format(slot.format));
  if (std::fseek(entry.file.get(), slot.offset_bytes, SEEK_SET) != 0 ||
      std::fread(tensor.data_ptr(), 1, tensor.nbytes(), entry.file.get()) != tensor.nbytes())
    fail("read");
  return tensor;
}

void ActivationStore::drop(ValueId value, std::int64_t batch) {
  const auto entry = entries_.find(value);
  if (entry == entries_.end()) return;
  auto& [batches, file, file_bytes] = entry->second;
  const auto slot = batches.find(batch);
  if (slot == batches.end()) return;
  if (slot->second.tensor.defined())
    used_bytes_ -= static_cast<std::int64_t>(slot->second.tensor.nbytes());
  else
    free_part(file.get(), slot->second.offset_bytes, count_of(slot->second.sizes) * std::int64_t{sizeof(float)});
  batches.erase(slot);
  if (batches.empty()) entries_.erase(entry);
}

}  // namespace nibble

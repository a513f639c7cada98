// SPDX-License-Identifier: Apache-2.0
#include "exec/tensor_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <map>
#include <mutex>
#include <new>
#include <unordered_map>
#include <utility>

#include "base/own_pages.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace nibble {
namespace {

constexpr std::size_t kLarge = 1 << 20, kMostKept = 256 << 20;

/// An eighth more at most, so that tensors of nearly the same size share pages. What is not touched of them takes no memory.
std::size_t rounded(std::size_t bytes) {
  const std::size_t step = std::max<std::size_t>(std::bit_floor(bytes) / 8, 1);
  return (bytes + step - 1) / step * step;
}

class PageKeeper {
 public:
  /// std::bad_alloc where the system has none left.
  void* take(std::size_t bytes) {
    const std::size_t size = rounded(bytes);
    const std::scoped_lock lock(mutex_);
    void* pages = nullptr;
    if (const auto kept = kept_.find(size); kept != kept_.end()) {
      pages = kept->second;
      kept_.erase(kept);
      kept_bytes_ -= size;
    } else {
      pages = allocate_pages(size);
    }
    taken_.emplace(pages, size);
    return pages;
  }

  /// False for memory that is none of its pages.
  bool give(void* pages) {
    const std::scoped_lock lock(mutex_);
    const auto taken = taken_.find(pages);
    if (taken == taken_.end()) return false;
    const std::size_t size = taken->second;
    taken_.erase(taken);
    kept_.emplace(size, pages);
    kept_bytes_ += size;
    if (kept_bytes_ > kMostKept) forget_locked();
    return true;
  }

  void forget() {
    const std::scoped_lock lock(mutex_);
    forget_locked();
  }

 private:
  /// All: the largest first alone would be those that have to be cleared anew most often.
  void forget_locked() {
    for (const auto& [size, pages] : kept_) free_pages(pages, size);
    kept_.clear();
    kept_bytes_ = 0;
  }

  std::mutex mutex_;
  std::unordered_map<void*, std::size_t> taken_;
  std::multimap<std::size_t, void*> kept_;
  std::size_t kept_bytes_ = 0;
};

/// Never destroyed: tensors may be freed after all else.
PageKeeper& keeper() {
  static auto& keeper = *new PageKeeper;
  return keeper;
}

/// Where there is no room, what is kept is given back, for whoever tries next.
void* pages_or_null(std::size_t bytes) {
  try {
    return keeper().take(bytes);
  } catch (const std::bad_alloc&) {
    keeper().forget();
    return nullptr;
  }
}

void free_tensor(void* memory) {
  if (memory && !keeper().give(memory)) c10::GetDefaultCPUAllocator()->raw_deallocate(memory);
}

/// Functions of c10::Allocator that only some versions of LibTorch have, or have as const, are here for all, so none can say `override`.
// NOLINTBEGIN(modernize-use-override)
class TensorAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) const {
    void* memory = bytes >= kLarge ? pages_or_null(bytes) : nullptr;
    if (!memory) memory = c10::GetDefaultCPUAllocator()->raw_allocate(bytes);  // refuses what cannot be had in LibTorch's own words
    return {memory, memory, &free_tensor, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DataPtr allocate(std::size_t bytes) { return std::as_const(*this).allocate(bytes); }
  c10::DeleterFnPtr raw_deleter() const { return &free_tensor; }
  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
};
// NOLINTEND(modernize-use-override)

}  // namespace

void reuse_tensor_memory() {
#ifndef __SANITIZE_ADDRESS__
  static const bool is_set = [] {
    static auto& allocator = *new TensorAllocator;
    c10::SetCPUAllocator(&allocator, /*priority=*/1);
    return true;
  }();
  static_cast<void>(is_set);
#endif
}

void return_freed_memory() {
  keeper().forget();
#ifdef __GLIBC__
  ::malloc_trim(0);
#endif
}

}  // namespace nibble

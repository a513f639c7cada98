// SPDX-License-Identifier: Apache-2.0
// Memory in pages of its own, which go back to the system at once when they are freed. What is kept long among short-lived blocks of the
// heap would pin it in pieces.
#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <new>

namespace nibble {

/// `bytes` > 0 zeros; std::bad_alloc where there is no memory.
inline void* allocate_pages(std::size_t bytes) {
  void* pages = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return pages;
}

/// `bytes`: as they were allocated.
inline void free_pages(void* pages, std::size_t bytes) { ::munmap(pages, bytes); }

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Whether what we compile computes on as many threads as LibTorch does (cmake/dependencies.cmake).
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

namespace nibble {
namespace {

TEST(ParallelFor, RunsOnAsManyThreadsAsLibTorchHas) {
#ifndef _OPENMP
  GTEST_SKIP() << "compiled without OpenMP: at::parallel_for computes on one thread";
#endif
  const int before = at::get_num_threads();
  at::set_num_threads(3);
  std::set<int> threads;
  std::mutex mutex;
  at::parallel_for(0, 3, 1, [&](std::int64_t, std::int64_t) {
    const std::lock_guard lock(mutex);
    threads.insert(at::get_thread_num());
  });
  at::set_num_threads(before);
  EXPECT_EQ(threads, (std::set<int>{0, 1, 2}));
}

}  // namespace
}  // namespace nibble

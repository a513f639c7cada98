// SPDX-License-Identifier: Apache-2.0
#include "exec/tensor_memory.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <memory>
#include <thread>
#include <vector>

namespace nibble {
namespace {

constexpr std::int64_t kLarge = 1 << 20;  // floats

#ifndef __SANITIZE_ADDRESS__
TEST(TensorMemory, ALargeTensorHasThePagesOfTheLastOneOfItsSize) {
  reuse_tensor_memory();
  reuse_tensor_memory();
  const void* first = at::zeros({kLarge}).data_ptr();
  const void* smaller = at::zeros({kLarge - kLarge / 64}).data_ptr();
  EXPECT_EQ(first, smaller);
  const at::Tensor held = at::zeros({kLarge});
  EXPECT_EQ(held.data_ptr(), first);
  EXPECT_NE(at::zeros({kLarge}).data_ptr(), first);
}
#endif

TEST(TensorMemory, ValuesStayWhereTensorsOfAllSizesComeAndGo) {
  reuse_tensor_memory();
  std::vector<at::Tensor> held;
  for (int i = 0; i < 60; ++i) {
    const std::int64_t count = (i % 7 == 0 ? 30 * kLarge : kLarge) / (1 + i % 5) + i;
    held.push_back(at::full({count}, i));
    if (i % 3 == 0) held[static_cast<std::size_t>(i) / 2] = at::Tensor();
    if (held.size() > 20 && i >= 20) held[static_cast<std::size_t>(i) - 20] = at::Tensor();
    if (i == 40) return_freed_memory();
    for (std::size_t k = 0; k < held.size(); ++k)
      if (held[k].defined()) {
        ASSERT_TRUE((held[k] == static_cast<double>(k)).all().item<bool>()) << k << " of " << i;
      }
  }
}

TEST(TensorMemory, ThreadsFreeWhatOthersMade) {
  reuse_tensor_memory();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) {
        auto tensor = std::make_shared<at::Tensor>(at::full({kLarge / 2 + i}, t));
        std::thread([&tensor, t] {
          EXPECT_TRUE((*tensor == t).all().item<bool>());
          tensor.reset();
        }).join();
      }
    });
  for (std::thread& thread : threads) thread.join();
}

#ifndef __SANITIZE_ADDRESS__  // which ends the process instead
TEST(TensorMemory, WhatCannotBeHadIsRefused) {
  reuse_tensor_memory();
  EXPECT_THROW(at::empty({std::int64_t{1} << 50}), c10::Error);
}
#endif

}  // namespace
}  // namespace nibble

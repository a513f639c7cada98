// SPDX-License-Identifier: Apache-2.0
#include "quant/image_order.h"

#include <gtest/gtest.h>

#include <set>

namespace nibble {
namespace {

TEST(ImageOrder, TakesAllBeforeAnyComesAgain) {
  ImageOrder order(7, 3);
  for (int epoch = 0; epoch < 3; ++epoch) {
    std::set<std::int64_t> seen;
    for (int i = 0; i < 7; ++i) seen.insert(order.next().index);
    EXPECT_EQ(seen.size(), 7U);
  }
}

}  // namespace
}  // namespace nibble

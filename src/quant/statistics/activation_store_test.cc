// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/activation_store.h"

#include "support/full_disk.h"
#include "support/scratch.h"

namespace nibble {
namespace {

constexpr std::int64_t kOneTensor = 4 * 1024;
at::Tensor numbered(double number) { return at::full({16, 64}, number, at::kFloat); }

TEST(ActivationStore, WhatMemoryDoesNotHoldReadsBackFromTheFile) {
  ActivationStore store(kOneTensor);
  for (std::int64_t batch = 0; batch < 3; ++batch) store.put(7, batch, numbered(static_cast<double>(batch)));
  for (const std::int64_t batch : {2, 0, 1}) EXPECT_TRUE(at::equal(store.get(7, batch), numbered(static_cast<double>(batch))));
  store.drop(7, 1);
  EXPECT_TRUE(at::equal(store.get(7, 2), numbered(2)));
  EXPECT_ANY_THROW(store.get(7, 1));
}

TEST(ActivationStore, ADroppedValueMakesRoomInMemory) {
  ActivationStore store(kOneTensor);
  store.put(1, 0, numbered(1));
  store.drop(1, 0);
  store.drop(1, 0);  // not there any more
  const test::FullDisk full(0);
  store.put(2, 0, numbered(2));  // needs no file
  EXPECT_TRUE(at::equal(store.get(2, 0), numbered(2)));
}

TEST(ActivationStore, AFullDiskNamesTheFolder) {
  ActivationStore store(0);
  const test::FullDisk full(kOneTensor / 2);
  test::expect_error(ErrorKind::environment, {"calibrate", folder_for_temporaries().string(), "TMPDIR"},
                     [&] { store.put(1, 0, numbered(1)); });
}

}  // namespace
}  // namespace nibble

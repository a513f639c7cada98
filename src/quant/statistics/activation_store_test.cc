// SPDX-License-Identifier: Apache-2.0
#include "quant/statistics/activation_store.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/half.h"
#include "support/full_disk.h"
#include "support/scratch.h"

namespace nibble {
namespace {

constexpr std::int64_t kPiece = PiecePool::kPieceBytes, kNumbers = kPiece / 2;  // as many in 16 bits
/// Two and a half pieces of it.
at::Tensor numbered(double number) { return at::full({5, kNumbers / 2}, number, at::kFloat); }

TEST(ActivationStore, WhatMemoryDoesNotHoldReadsBackFromTheFile) {
  ActivationStore store(kPiece * 4);  // the second tensor lies in both
  for (std::int64_t batch = 0; batch < 3; ++batch) store.put(7, batch, numbered(static_cast<double>(batch)));
  for (const std::int64_t batch : {2, 0, 1}) EXPECT_TRUE(at::equal(store.get(7, batch), numbered(static_cast<double>(batch))));
  store.drop(7, 1);
  EXPECT_TRUE(at::equal(store.get(7, 2), numbered(2)));
  EXPECT_ANY_THROW(store.get(7, 1));
}

TEST(ActivationStore, ADroppedValueMakesRoomInMemory) {
  ActivationStore store(kPiece * 3);
  store.put(1, 0, numbered(1));
  store.drop(1, 0);
  store.drop(1, 0);  // not there any more
  const test::FullDisk full(0);
  store.put(2, 0, numbered(2));  // needs no file
  store.put(2, 0, numbered(3));  // takes its own place
  EXPECT_TRUE(at::equal(store.get(2, 0), numbered(3)));
}

TEST(ActivationStore, RoundsToSixteenBitsInWhateverOrderOfMemory) {
  ActivationStore store(kPiece);
  const at::Tensor x = at::randn({2, 24, 37, 41}) * 3, rounded = x.to(at::kHalf).to(at::kFloat);
  const at::Tensor odd = at::randn({2, 48, 10, 10}).contiguous(at::MemoryFormat::ChannelsLast).slice(1, 3, 20);
  store.put(1, 0, x);
  store.put(1, 1, x.contiguous(at::MemoryFormat::ChannelsLast));
  store.put(1, 2, odd);
  store.put(1, 3, at::empty({0, 3}));
  EXPECT_TRUE(at::equal(store.get(1, 0), rounded));
  EXPECT_TRUE(store.get(1, 0).is_contiguous());
  EXPECT_TRUE(at::equal(store.get(1, 1), rounded));
  EXPECT_TRUE(store.get(1, 1).is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(store.get(1, 2), odd.to(at::kHalf).to(at::kFloat)));
  EXPECT_EQ(store.get(1, 3).numel(), 0);
}

TEST(ActivationStore, NumbersBeyondSixteenBitsStayWhatTheyAre) {
  for (const std::int64_t budget : {std::int64_t{0}, 8 * kPiece}) {
    ActivationStore store(budget);
    at::Tensor x = at::rand({3, kNumbers});
    for (const float bad : {70000.0F, -3e38F, std::numeric_limits<float>::infinity()}) {
      x[1][kNumbers / 3] = bad;
      store.put(1, 0, x);
      EXPECT_TRUE(at::equal(store.get(1, 0), x)) << bad;
    }
  }
}

TEST(ActivationStore, AFullDiskNamesTheFolder) {
  ActivationStore store(0);
  const test::FullDisk full(kPiece / 2);
  test::expect_error(ErrorKind::environment, {"calibrate", folder_for_temporaries().string(), "TMPDIR"},
                     [&] { store.put(1, 0, numbered(1)); });
}

TEST(PiecePool, PiecesThatAreGivenBackAreTakenAgain) {
  PiecePool pool(2 * kPiece);
  const auto sorted = [&](PiecePool::Piece some) {
    std::vector<PiecePool::Piece> pieces = pool.pieces_of(some);
    std::sort(pieces.begin(), pieces.end());
    return pieces;
  };
  const PiecePool::Piece three = pool.take(3), two = pool.take(2), none = pool.take(0);
  EXPECT_EQ(sorted(three), (std::vector<PiecePool::Piece>{0, 1, 2}));
  EXPECT_EQ(sorted(two), (std::vector<PiecePool::Piece>{3, 4}));
  EXPECT_TRUE(sorted(none).empty());
  for (const PiecePool::Piece some : {two, none, three}) pool.give_back(some);
  EXPECT_EQ(sorted(pool.take(5)), (std::vector<PiecePool::Piece>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace nibble

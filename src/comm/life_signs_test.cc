// SPDX-License-Identifier: Apache-2.0
// Signs of life through numbers in memory. Those of real processes, some of them killed, are in working_processes_test.cc.
#include "comm/life_signs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <stdexcept>

namespace nibble {
namespace {

using std::chrono::milliseconds;

constexpr int kSize = 3;

/// What process 0 keeps, until it is gone.
class Store {
 public:
  std::int64_t add(const std::string& name, std::int64_t number) {
    const std::lock_guard lock(mutex_);
    if (is_gone_) throw std::runtime_error("connection reset");
    return numbers_[name] += number;
  }
  void go() {
    const std::lock_guard lock(mutex_);
    is_gone_ = true;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::int64_t> numbers_;
  bool is_gone_ = false;
};

class CountersInMemory : public SharedCounters {
 public:
  explicit CountersInMemory(Store& store) : store_(store) {}
  std::int64_t add(const std::string& name, std::int64_t number) override { return store_.add(name, number); }

 private:
  Store& store_;
};

/// Three processes, each by its thread that gives signs.
class LifeSignsOfThree : public testing::Test {
 protected:
  LifeSignsOfThree() {
    for (int rank = 0; rank < kSize; ++rank) {
      Rendezvous place;
      place.rank = rank;
      place.size = kSize;
      place.lost_after_s = 3;
      signs_[rank] = std::make_unique<LifeSigns>(place, std::make_unique<CountersInMemory>(store_));
    }
  }

  Store store_;
  std::unique_ptr<LifeSigns> signs_[kSize];
};

TEST_F(LifeSignsOfThree, NobodyIsMissedWhoGivesThem) {
  std::this_thread::sleep_for(milliseconds(3600));
  for (const auto& signs : signs_) EXPECT_EQ(signs->lost(), std::nullopt);
}

TEST_F(LifeSignsOfThree, OneThatStopsIsNamedByAllOthers) {
  signs_[2].reset();
  std::optional<int> heard_by_1;
  std::jthread other([&] { heard_by_1 = signs_[1]->wait_for_lost(); });
  EXPECT_EQ(signs_[0]->wait_for_lost(), 2);
  other.join();
  EXPECT_EQ(heard_by_1, 2);
  EXPECT_EQ(signs_[0]->lost(), 2) << "and so it stays";
}

TEST_F(LifeSignsOfThree, WithoutItsStoreProcess0IsMissed) {
  store_.go();
  EXPECT_EQ(signs_[1]->wait_for_lost(), 0);
  EXPECT_EQ(signs_[2]->wait_for_lost(), 0);
}

TEST_F(LifeSignsOfThree, TheyEndAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  for (auto& signs : signs_) signs.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(400)) << "less than a period each";
}

}  // namespace
}  // namespace nibble

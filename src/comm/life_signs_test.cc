// SPDX-License-Identifier: Apache-2.0
// Signs of life through numbers in memory. Those of real processes, some of them killed, are in working_processes_test.cc.
#include "comm/life_signs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

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

std::string sign_of(int rank) { return "nibble/sign/" + std::to_string(rank); }

/// Three processes, each by its thread that gives signs. They see a clock that stands still but for tick(), so that nobody is missed
/// because this machine has other things to do.
class LifeSignsOfThree : public testing::Test {
 protected:
  static constexpr milliseconds kShort{1}, kLong{60000};

  void begin(milliseconds period) {
    for (int rank = 0; rank < kSize; ++rank) {
      Rendezvous place;
      place.rank = rank;
      place.size = kSize;
      place.lost_after_s = 3;
      signs_[rank] = std::make_unique<LifeSigns>(place, std::make_unique<CountersInMemory>(store_),
                                                 LifeSigns::Timing{period, [this] { return LifeSigns::Clock::time_point(now_.load()); }});
    }
  }
  /// A second passes, after these processes have given a sign and process 0 has seen it, or has missed somebody.
  void tick(const std::vector<int>& living) {
    for (const int rank : living) wait_for_signs(rank, 1);
    wait_for_signs(0, 2);
    now_ = now_.load() + std::chrono::seconds(1);
  }

  Store store_;
  std::unique_ptr<LifeSigns> signs_[kSize];

 private:
  void wait_for_signs(int rank, int count) {
    const auto wanted = store_.add(sign_of(rank), 0) + count;
    while (store_.add(sign_of(rank), 0) < wanted && !signs_[0]->lost()) std::this_thread::sleep_for(kShort);
  }
  std::atomic<LifeSigns::Clock::duration> now_{std::chrono::hours(1)};
};

TEST_F(LifeSignsOfThree, NobodyIsMissedWhoGivesThem) {
  begin(kShort);
  for (int second = 0; second < 10; ++second) tick({1, 2});
  for (const auto& signs : signs_) EXPECT_EQ(signs->lost(), std::nullopt);
}

TEST_F(LifeSignsOfThree, OneThatStopsIsNamedByAllOthers) {
  begin(kShort);
  tick({1, 2});
  signs_[2].reset();
  std::optional<int> heard_by_1;
  std::jthread other([&] { heard_by_1 = signs_[1]->wait_for_lost(); });
  for (int second = 0; second < 4; ++second) tick({1});
  EXPECT_EQ(signs_[0]->wait_for_lost(), 2);
  other.join();
  EXPECT_EQ(heard_by_1, 2);
  EXPECT_EQ(signs_[0]->lost(), 2) << "and so it stays";
}

TEST_F(LifeSignsOfThree, WithoutItsStoreProcess0IsMissed) {
  begin(kShort);
  store_.go();
  EXPECT_EQ(signs_[1]->wait_for_lost(), 0);
  EXPECT_EQ(signs_[2]->wait_for_lost(), 0);
}

TEST_F(LifeSignsOfThree, TheyEndAtOnce) {
  begin(kLong);
  const auto start = std::chrono::steady_clock::now();
  for (auto& signs : signs_) signs.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - start, kLong) << "less than a period";
}

}  // namespace
}  // namespace nibble

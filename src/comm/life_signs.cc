// SPDX-License-Identifier: Apache-2.0
#include "comm/life_signs.h"

#include <fmt/format.h>

#include <chrono>
#include <map>

namespace nibble {
namespace {

std::chrono::duration<double> seconds(double number) { return std::chrono::duration<double>(number); }

constexpr const char* kLost = "nibble/lost";  ///< one more than the rank that process 0 misses

}  // namespace

class LifeSigns::Signs {
 public:
  Signs(const Rendezvous& place, const Timing& timing, std::unique_ptr<SharedCounters> counters)
      : place_(place), timing_(timing), counters_(std::move(counters)) {}

  /// Gives a sign. Returns the rank that is missed, -1 for none.
  int give() {
    counters_->add(key(place_.rank), 1);
    if (place_.rank != 0) return static_cast<int>(counters_->add(kLost, 0)) - 1;
    const auto now = timing_.now();
    for (int rank = 1; rank < place_.size; ++rank) {
      const auto count = counters_->add(key(rank), 0);
      auto [seen, is_new] = seen_.try_emplace(rank, Seen{count, now});
      if (seen->second.count != count) seen->second = {count, now};
      if (now - seen->second.when < seconds(place_.lost_after_s)) continue;
      counters_->add(kLost, rank + 1);
      return rank;
    }
    return -1;
  }

 private:
  struct Seen {
    std::int64_t count;
    Clock::time_point when;
  };
  static std::string key(int rank) { return fmt::format("nibble/sign/{}", rank); }

  const Rendezvous& place_;
  const Timing& timing_;
  const std::unique_ptr<SharedCounters> counters_;
  std::map<int, Seen> seen_;
};

LifeSigns::LifeSigns(const Rendezvous& place, std::unique_ptr<SharedCounters> counters, const Timing& timing)
    : place_(place), timing_(timing), signs_(std::make_unique<Signs>(place_, timing_, std::move(counters))), thread_([this] { run(); }) {}

LifeSigns::LifeSigns(const Rendezvous& place, std::unique_ptr<SharedCounters> counters) : LifeSigns(place, std::move(counters), Timing()) {}

LifeSigns::~LifeSigns() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LifeSigns::run() {
  int lost = -1;
  try {
    for (std::unique_lock lock(mutex_); !ends_ && lost < 0; changed_.wait_for(
             lock, timing_.period, [&] { return ends_ || lost >= 0; })) {
      lock.unlock();
      lost = signs_->give();
      lock.lock();
    }
  } catch (const std::exception&) {  // its store has gone, and process 0 with it
    lost = 0;
  }
  {
    std::unique_lock lock(mutex_);
    // The others hear of it before this one leaves, and their store with it.
    if (lost > 0 && place_.rank == 0) changed_.wait_for(lock, 2 * timing_.period, [&] { return ends_; });
    lost_ = lost;  // under the lock: one that is about to wait would miss the notice
  }
  changed_.notify_all();
}

std::optional<int> LifeSigns::lost() const {
  const int rank = lost_;
  return rank < 0 ? std::nullopt : std::optional(rank);
}

std::optional<int> LifeSigns::wait_for_lost() const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, seconds(2 * place_.lost_after_s), [&] { return lost_ >= 0; });
  return lost();
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "comm/life_signs.h"

#include <fmt/format.h>

#include <chrono>
#include <map>

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace nibble {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::duration<double> seconds(double number) { return std::chrono::duration<double>(number); }

constexpr double kPeriod_s = 0.5;
constexpr const char* kLost = "nibble/lost";  ///< one more than the rank that process 0 misses

/// A connection of its own: another thread may wait for an answer on the other one.
}  // namespace

class LifeSigns::Signs {
 public:
  explicit Signs(const Rendezvous& place) : place_(place) {
    c10d::TCPStoreOptions options;
    options.port = place.port;
    options.waitWorkers = false;
    options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(place.join_wait_s * 1000));
    store_ = c10::make_intrusive<c10d::TCPStore>(place.address, options);
  }

  /// Gives a sign. Returns the rank that is missed, -1 for none.
  int give() {
    store_->add(key(place_.rank), 1);
    if (place_.rank != 0) return static_cast<int>(store_->add(kLost, 0)) - 1;
    const auto now = Clock::now();
    for (int rank = 1; rank < place_.size; ++rank) {
      const auto count = store_->add(key(rank), 0);
      auto [seen, is_new] = seen_.try_emplace(rank, Seen{count, now});
      if (seen->second.count != count) seen->second = {count, now};
      if (now - seen->second.when < seconds(place_.lost_after_s)) continue;
      store_->add(kLost, rank + 1);
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
  c10::intrusive_ptr<c10d::TCPStore> store_;
  std::map<int, Seen> seen_;
};

LifeSigns::LifeSigns(const Rendezvous& place) : place_(place), signs_(std::make_unique<Signs>(place_)), thread_([this] { run(); }) {}

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
             lock, seconds(kPeriod_s), [&] { return ends_ || lost >= 0; })) {
      lock.unlock();
      lost = signs_->give();
      lock.lock();
    }
  } catch (const std::exception&) {  // its store has gone, and process 0 with it
    lost = 0;
  }
  if (lost > 0 && place_.rank == 0) {  // the others hear of it before this one leaves, and their store with it
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(2 * kPeriod_s), [&] { return ends_; });
  }
  lost_ = lost;
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
#endif

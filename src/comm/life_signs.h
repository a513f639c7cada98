// SPDX-License-Identifier: Apache-2.0
// Which process of a job has died: each counts up a number in the store that process 0 keeps, twice a second, and process 0 looks whose
// number stands still. A broken connection alone names an address, and the next process to leave because of it as well.
#pragma once
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "comm/rendezvous.h"

namespace nibble {

/// Numbers by name that all processes of a job see, each 0 at first.
class SharedCounters {
 public:
  virtual ~SharedCounters() = default;
  /// Adds `number` and returns the sum. Any exception means that process 0, which keeps them, has gone.
  virtual std::int64_t add(const std::string& name, std::int64_t number) = 0;
};

class LifeSigns {
 public:
  using Clock = std::chrono::steady_clock;
  struct Timing {
    std::chrono::milliseconds period{500};                 ///< from one sign to the next
    std::function<Clock::time_point()> now = &Clock::now;  ///< asked by one thread
  };
  /// Signs are given through `counters`, by a thread that alone uses them, until this object goes.
  LifeSigns(const Rendezvous& place, std::unique_ptr<SharedCounters> counters, const Timing& timing);
  LifeSigns(const Rendezvous& place, std::unique_ptr<SharedCounters> counters);
  ~LifeSigns();
  LifeSigns(const LifeSigns&) = delete;
  LifeSigns& operator=(const LifeSigns&) = delete;

  /// The first process that has given no sign for Rendezvous::lost_after_s; process 0 where the store does not answer.
  std::optional<int> lost() const;
  /// The same; waits for it, twice lost_after_s at most.
  std::optional<int> wait_for_lost() const;

 private:
  class Signs;
  void run();

  const Rendezvous place_;
  const Timing timing_;
  const std::unique_ptr<Signs> signs_;
  std::atomic<int> lost_ = -1;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool ends_ = false;
  std::thread thread_;
};

}  // namespace nibble

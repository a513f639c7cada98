// SPDX-License-Identifier: Apache-2.0
#include "base/progress.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "base/watched_progress.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// Each of `count` threads works until an Error(interrupted) stops it; returns how many were. `stop` is called while all of them work.
template <class Work, class Stop>
int stopped_threads(int count, const Work& work, const Stop& stop) {
  std::atomic<int> working = 0, stopped = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&] {
      try {
        for (bool first = true;; first = false) {
          work();
          if (first) ++working;
        }
      } catch (const Error& error) {
        if (error.kind() == ErrorKind::interrupted) ++stopped;
      }
    });
  while (working < count) std::this_thread::yield();
  stop();
  threads.clear();
  return stopped;
}

/// The flag cannot be taken back, so a process of its own sets it.
TEST(Interrupt, OfASignalStopsTheLoopsOfAllThreads) {
  const auto interrupted = [] {
    ::signal(SIGUSR1, [](int) { request_interrupt(); });
    std::_Exit(stopped_threads(
        4, [] { throw_if_interrupted(); }, [] { ::raise(SIGUSR1); }));
  };
  EXPECT_EXIT(interrupted(), testing::ExitedWithCode(4), "");
}

/// May be cancelled from another thread than the one that works.
class Cancellable : public Progress {
 public:
  bool cancelled() const override { return cancelled_; }
  std::atomic<bool> cancelled_ = false;
};

TEST(WatchedProgress, ACancelledOneStopsTheCommandThatItListensTo) {
  Cancellable listener;
  WatchedProgress progress(listener);
  progress.begin("work", 1);
  EXPECT_EQ(stopped_threads(
                1, [&] { progress.step(""); }, [&] { listener.cancelled_ = true; }),
            1);
  EXPECT_TRUE(progress.cancelled());
  EXPECT_THROW(progress.begin("more work", 1), Error);
  EXPECT_NO_THROW(progress.end(""));
}

}  // namespace
}  // namespace nibble

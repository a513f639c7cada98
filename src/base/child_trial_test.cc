// SPDX-License-Identifier: Apache-2.0
#include "base/child_trial.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <vector>

#include "support/scratch.h"

namespace nibble {
namespace {

using ::testing::HasSubstr;
using Next = std::function<void(const std::string&)>;

TEST(ChildTrial, WhatEndsWellSaysSo) {
  const auto trial = try_in_child({}, [](const Next& next) {
    next("first");
    next("second");
  });
  EXPECT_EQ(trial.outcome, TrialOutcome::done);
  EXPECT_EQ(trial.step, "second");
}

TEST(ChildTrial, ChangesNothingHere) {
  int number = 1;
  try_in_child({}, [&](const Next&) { number = 2; });
  EXPECT_EQ(number, 1);
}

TEST(ChildTrial, AnExceptionComesWithItsWords) {
  const auto trial = try_in_child({}, [](const Next&) { throw std::runtime_error("not this one"); });
  EXPECT_EQ(trial.outcome, TrialOutcome::threw);
  EXPECT_EQ(trial.words, "not this one");
}

TEST(ChildTrial, ACrashHasItsSignal) {
  const auto trial = try_in_child({}, [](const Next& next) {
    next("load");
    ::raise(SIGFPE);
  });
  EXPECT_EQ(trial.outcome, TrialOutcome::crashed);
  EXPECT_THAT(trial.words, HasSubstr("SIGFPE"));
  EXPECT_EQ(trial.step, "load");
}

TEST(ChildTrial, AnEndWithoutAWordIsACrashToo) {
  const auto trial = try_in_child({}, [](const Next&) { ::_exit(0); });
  EXPECT_EQ(trial.outcome, TrialOutcome::crashed);
  EXPECT_THAT(trial.words, HasSubstr("without a word"));
}

TEST(ChildTrial, WhatHangsIsEnded) {
  const auto begin = std::chrono::steady_clock::now();
  const auto trial = try_in_child({.seconds = 0.2}, [](const Next&) {
    for (volatile bool forever = true; forever;) {
    }
  });
  EXPECT_EQ(trial.outcome, TrialOutcome::timed_out);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
}

TEST(ChildTrial, MemoryEndsAtTheLimitAndCanBeAllowed) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP()
      << "AddressSanitizer reserves more address space than any limit allows; ThreadSanitizer ends the child where memory is short";
#endif
  constexpr std::size_t kBytes = 512U << 20;
  const auto take = [](const Next&) {
    const std::vector<char> memory(kBytes, 1);
    if (memory.back() != 1) throw std::runtime_error("not written");
  };
  EXPECT_EQ(try_in_child({.seconds = 60, .bytes = 64 << 20}, take).outcome, TrialOutcome::no_memory);
  EXPECT_EQ(try_in_child({.seconds = 60, .bytes = std::int64_t{1} << 30}, take).outcome, TrialOutcome::done);
  const auto allowed = try_in_child({.seconds = 60, .bytes = 64 << 20}, [&](const Next& next) {
    allow_more_memory(std::int64_t{1} << 30);
    take(next);
  });
  EXPECT_EQ(allowed.outcome, TrialOutcome::done);
}

}  // namespace
}  // namespace nibble

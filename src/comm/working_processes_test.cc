// SPDX-License-Identifier: Apache-2.0
// Loops that real processes of this machine share: order, errors, and what happens when one is killed.
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "comm/test_squares.h"
#include "support/several_processes.h"

namespace nibble {
namespace {

TEST(WorkingProcesses, ResultsComeInOrderWhateverTheirNumber) {
  for (const int size : {2, 3, 4})
    test::in_processes(size, [](const Rendezvous& place) { test::expect_squares_in_order(join_processes(place)); });
}

TEST(WorkingProcesses, AnErrorIsThatOfTheFirstUnitAndEndsNothingElse) {
  test::in_processes(3, [](const Rendezvous& place) { test::expect_the_first_error(join_processes(place)); });
}

TEST(WorkingProcesses, OthersEndWithAnErrorWhenProcess0Does) {
  test::in_processes(2, [](const Rendezvous& place) { test::expect_others_end_with_an_error(join_processes(place)); });
}

/// A killed process cannot say goodbye. in_processes wants status 0, so the victim is a grandchild that its own process buries.
TEST(WorkingProcesses, AKilledProcessIsNamedByAllOthersWithinSeconds) {
  test::in_processes(4, [](const Rendezvous& place) {
    if (place.rank == 2) {
      const pid_t victim = ::fork();
      if (victim == 0) {
        const auto processes = join_processes(place);
        serve(*processes, {{"square", [](const Json&, Processes&) { ::kill(::getpid(), SIGKILL); }}});
      }
      int status = 0;
      ::waitpid(victim, &status, 0);
      EXPECT_TRUE(WIFSIGNALED(status));
      return;
    }
    const auto processes = join_processes(place);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<std::string> words = {"process " + std::to_string(place.rank) + " of 4: process 2 has stopped"};
    if (processes->is_first()) {
      Crew crew(processes);
      test::expect_error(ErrorKind::environment, words, [&] { test::squares(*processes); });
      test::expect_error(ErrorKind::environment, words, [&] { processes->require_all(); });
    } else {
      test::expect_error(ErrorKind::environment, words, [&] { serve(*processes, test::kSquareDuties); });
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
  });
}

/// One that stands still keeps its connections: long work asks now and then whether all are there.
TEST(WorkingProcesses, AProcessThatStandsStillIsNoticed) {
  int noticed[2] = {};  // a pipe by which process 0 says that it is done
  ASSERT_EQ(::pipe(noticed), 0);
  test::in_processes(2, [&](const Rendezvous& given) {
    Rendezvous place = given;
    place.lost_after_s = 1.5;
    if (place.rank == 1) {
      const pid_t victim = ::fork();
      if (victim == 0) {
        const auto processes = join_processes(place);
        ::raise(SIGSTOP);
        ::_exit(0);
      }
      int status = 0;
      ::waitpid(victim, &status, WUNTRACED);
      char done = 0;
      EXPECT_EQ(::read(noticed[0], &done, 1), 1);
      ::kill(victim, SIGKILL);
      ::waitpid(victim, &status, 0);
      return;
    }
    const auto processes = join_processes(place);
    test::expect_error(ErrorKind::environment, {"process 1 has stopped or cannot be reached (it gives no sign of life)"}, [&] {
      for (;;) {
        processes->require_all();
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    });
    EXPECT_EQ(::write(noticed[1], "!", 1), 1);
  });
  for (const int end : noticed) ::close(end);
}

/// The formulas of docs/processes.md: a loop over `units` with results of `bytes` is 2 + 3 ceil(units / N) exchanges for process 0.
TEST(WorkingProcesses, ALoopExchangesWhatTheArithmeticSays) {
  constexpr std::int64_t kResults = 13, kBytes = 1000;
  const auto compute = [](std::int64_t) { return std::string(kBytes, 'x'); };
  for (const int size : {2, 4, 8})
    test::in_processes(size, [&](const Rendezvous& place) {
      const auto processes = join_processes(place);
      if (!processes->is_first())
        return serve(*processes, {{"loop", [&](const Json&, Processes& all) { share_units(all, kResults, compute, {}); }}});
      Crew crew(processes);
      const std::string task = Json{{"duty", "loop"}, {"task", Json::object()}}.dump();
      start_task(*processes, "loop", Json::object());
      share_units(*processes, kResults, compute, [](std::int64_t, const std::string&) {});
      const std::int64_t rounds = (kResults + place.size - 1) / place.size, sums = rounds * 2 * 8 * place.size;
      const std::int64_t of_others = kResults - rounds;  // process 0 has the first unit of each round
      const auto opening = static_cast<std::int64_t>(8 + task.size());
      const Traffic traffic = processes->traffic();
      EXPECT_EQ(traffic.calls, 2 + 3 * rounds);
      EXPECT_EQ(traffic.sent_bytes, opening + sums);
      EXPECT_EQ(traffic.received_bytes, opening + sums + of_others * kBytes);
    });
}

TEST(WorkingProcesses, WhatIsExchangedIsCounted) {
  test::in_processes(4, [](const Rendezvous& place) {
    const auto processes = join_processes(place);
    const std::string mine(1000 * static_cast<std::size_t>(place.rank), 'x');
    const auto all = processes->gather(mine);
    const Traffic traffic = processes->traffic();
    EXPECT_EQ(traffic.calls, 2) << "the sizes, then the bytes";
    EXPECT_EQ(traffic.sent_bytes, 32 + (place.rank == 0 ? 0 : 1000 * place.rank));
    EXPECT_EQ(traffic.received_bytes, 32 + (place.rank == 0 ? 6000 : 0));
    ASSERT_EQ(all.size(), place.rank == 0 ? 4U : 0U);
    if (place.rank == 0) {
      EXPECT_EQ(all[3], std::string(3000, 'x'));
    }
    std::string text = place.rank == 0 ? "from 0" : "to be replaced";
    processes->broadcast(text);
    EXPECT_EQ(text, "from 0");
  });
}

}  // namespace
}  // namespace nibble

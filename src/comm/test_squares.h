// SPDX-License-Identifier: Apache-2.0
// A loop that processes share, and what is expected of it: by real processes, and by threads that stand for them.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "comm/shared_work.h"
#include "support/scratch.h"

namespace nibble::test {

inline constexpr std::int64_t kUnits = 7;

/// Unit k is k * k as text, with as many blanks behind it; `fails` is an error.
inline std::string square(std::int64_t unit, std::int64_t fails) {
  if (unit == fails) throw Error(ErrorKind::input, "unit " + std::to_string(unit) + " is bad");
  return std::to_string(unit * unit) + std::string(static_cast<std::size_t>(unit), ' ');
}

inline const Duties kSquareDuties = {{"square", [](const Json& task, Processes& processes) {
                                        share_units(processes, kUnits, [&](std::int64_t unit) { return square(unit, task.at("fails")); },
                                                    {});
                                      }}};

/// What process 0 makes of all units, in the order in which they come.
inline std::string squares(Processes& processes, std::int64_t fails = -1) {
  start_task(processes, "square", {{"fails", fails}});
  std::string all;
  share_units(
      processes, kUnits, [&](std::int64_t unit) { return square(unit, fails); },
      [&](std::int64_t unit, const std::string& result) { all += std::to_string(unit) + ":" + result + ";"; });
  return all;
}

inline const std::string kSquares = "0:0;1:1 ;2:4  ;3:9   ;4:16    ;5:25     ;6:36      ;";

/// In each process of a job.
inline void expect_squares_in_order(const std::shared_ptr<Processes>& processes) {
  if (!processes->is_first()) return serve(*processes, kSquareDuties);
  Crew crew(processes);
  EXPECT_EQ(squares(*processes), kSquares);
  EXPECT_EQ(squares(*processes), kSquares) << "as often as it is asked for";
}

/// In each process of a job.
inline void expect_the_first_error(const std::shared_ptr<Processes>& processes) {
  if (!processes->is_first()) return serve(*processes, kSquareDuties);
  Crew crew(processes);
  for (const std::int64_t bad : {0, 3, 4, 6})
    expect_error(ErrorKind::input, {"unit " + std::to_string(bad) + " is bad"}, [&] { squares(*processes, bad); });
  EXPECT_EQ(squares(*processes), kSquares);
  // What process 0 makes of the results may fail as well.
  start_task(*processes, "square", {{"fails", -1}});
  expect_error(ErrorKind::environment, {"disk full"}, [&] {
    share_units(
        *processes, kUnits, [](std::int64_t unit) { return square(unit, -1); },
        [](std::int64_t unit, const std::string&) {
          if (unit == 1) throw Error(ErrorKind::environment, "disk full");
        });
  });
  EXPECT_EQ(squares(*processes), kSquares);
}

/// In each process of a job of two.
inline void expect_others_end_with_an_error(const std::shared_ptr<Processes>& processes) {
  if (!processes->is_first()) {
    expect_error(ErrorKind::environment, {"process 1 of 2", "process 0 has stopped"}, [&] { serve(*processes, kSquareDuties); });
    return;
  }
  expect_error(ErrorKind::usage, {"of its own"}, [&] {
    Crew crew(processes);
    throw Error(ErrorKind::usage, "of its own");
  });
}

}  // namespace nibble::test

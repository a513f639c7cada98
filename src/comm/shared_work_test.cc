// SPDX-License-Identifier: Apache-2.0
// Loops that threads share as processes do. Those of real processes are in working_processes_test.cc.
#include "comm/shared_work.h"

#include "comm/test_squares.h"
#include "comm/test_thread_processes.h"

namespace nibble {
namespace {

TEST(SharedWork, AloneItIsALoop) {
  Crew crew(join_processes({}));
  EXPECT_EQ(test::squares(*crew.processes()), test::kSquares);
  test::expect_error(ErrorKind::input, {"unit 3 is bad"}, [&] { test::squares(*crew.processes(), 3); });
}

TEST(SharedWork, ResultsComeInOrderWhateverTheNumberOfThreads) {
  for (const int size : {2, 3, 4, 9}) test::in_threads(size, test::expect_squares_in_order);
}

TEST(SharedWork, AnErrorIsThatOfTheFirstUnitAndEndsNothingElse) {
  for (const int size : {2, 3}) test::in_threads(size, test::expect_the_first_error);
}

TEST(SharedWork, OthersEndWithAnErrorWhenProcess0Does) { test::in_threads(2, test::expect_others_end_with_an_error); }

}  // namespace
}  // namespace nibble

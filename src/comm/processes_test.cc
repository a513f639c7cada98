// SPDX-License-Identifier: Apache-2.0
// Sums and broadcasts between real processes of this machine, and what happens when one does not come or leaves.
#include "comm/processes.h"

#include <ATen/ATen.h>

#include <csignal>
#include <numeric>

#include "support/other_device.h"
#include "support/scratch.h"
#include "support/several_processes.h"

namespace nibble {
namespace {

using test::expect_error;
using testing::ElementsAre;

TEST(Processes, OneNeedsNobody) {
  const auto alone = join_processes({});
  EXPECT_EQ(alone->size(), 1);
  EXPECT_TRUE(alone->is_first());
  std::vector<double> values = {1, 2};
  alone->sum(values);
  alone->broadcast(values);
  EXPECT_THAT(values, ElementsAre(1, 2));
}

TEST(Processes, SumAndBroadcast) {
  test::in_processes(3, [](const Rendezvous& place) {
    const auto processes = join_processes(place);
    ASSERT_EQ(processes->rank(), place.rank);
    ASSERT_EQ(processes->size(), 3);
    std::vector<double> values = {1.0 + place.rank, 0.5};
    processes->sum(values);
    EXPECT_THAT(values, ElementsAre(6, 1.5));
    values = {7.0 * place.rank + 7};
    processes->broadcast(values);
    EXPECT_THAT(values, ElementsAre(7));
    at::Tensor tensor = at::arange(6, at::kFloat).reshape({2, 3}).t() + place.rank;  // not contiguous
    processes->sum(tensor);
    EXPECT_TRUE(at::equal(tensor, at::arange(6, at::kFloat).reshape({2, 3}).t() * 3 + 3));
    at::Tensor leaf = at::full({4}, static_cast<float>(place.rank)).set_requires_grad(true);
    processes->broadcast(leaf);
    EXPECT_TRUE(at::equal(leaf, at::zeros({4})));
  });
}

/// As when another process is gone while this one writes to it.
TEST(Processes, ABrokenPipeEndsNoProcess) {
  test::in_processes(2, [](const Rendezvous& place) {
    const auto processes = join_processes(place);
    ::raise(SIGPIPE);
    std::vector<double> values = {1};
    processes->sum(values);
    EXPECT_THAT(values, ElementsAre(2));
  });
}

/// Through the CPU's memory, as on a GPU without NCCL.
TEST(Processes, SumAndBroadcastOnAnotherDevice) {
  test::in_processes(2, [](const Rendezvous& place) {
    const auto processes = join_processes(place);
    at::Tensor tensor = at::full({2, 3}, 1.0F + static_cast<float>(place.rank)).to(test::other_device());
    processes->sum(tensor);
    EXPECT_TRUE(at::equal(tensor.cpu(), at::full({2, 3}, 3.0F)));
    EXPECT_EQ(tensor.device(), test::other_device());
    at::Tensor leaf = at::full({4}, static_cast<float>(place.rank)).to(test::other_device()).set_requires_grad(true);
    processes->broadcast(leaf);
    EXPECT_TRUE(at::equal(leaf.cpu(), at::zeros({4})));
  });
}

TEST(Processes, SumsHaveTheSameBitsEverywhere) {
  test::in_processes(3, [](const Rendezvous& place) {
    const auto processes = join_processes(place);
    at::Tensor values = (at::arange(10007, at::kFloat) * 0.37F + static_cast<float>(place.rank)).sin();
    processes->sum(values);
    at::Tensor first = values.clone();
    processes->broadcast(first);
    EXPECT_TRUE(at::equal(values, first));
  });
}

TEST(Processes, SayWhoDidNotCome) {
  test::in_processes(1, [](const Rendezvous&) {
    for (int rank = 0; rank < 2; ++rank) {
      auto place = test::local_rendezvous(rank, 2, test::free_port());
      place.join_wait_s = 1;
      expect_error(ErrorKind::environment, {"process " + std::to_string(rank) + " of 2", "1 s", "127.0.0.1:", "MASTER_PORT"},
                   [&] { join_processes(place); });
    }
  });
}

TEST(Processes, NoticeAtOnceThatOneHasLeft) {
  test::in_processes(2, [](const Rendezvous& place) {
    const auto processes = join_processes(place);
    if (place.rank == 1) return;
    std::vector<double> values(1000, 1.0);
    expect_error(ErrorKind::environment, {"process 0 of 2", "process 1 has stopped"}, [&] {
      processes->sum(values);
      processes->sum(values);  // the first may still find its partner's end open
    });
  });
}

TEST(Processes, RefuseTheSameRankTwice) {
  test::in_processes(3, [](const Rendezvous& given) {
    Rendezvous place = given;
    place.rank = std::min(given.rank, 1);
    place.join_wait_s = 2;
    try {
      join_processes(place);
      ADD_FAILURE() << "process " << given.rank << " joined";
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::usage) {
        EXPECT_THAT(error.what(), testing::HasSubstr("RANK: 1 was given to two of them"));
      }
    }
  });
}

}  // namespace
}  // namespace nibble

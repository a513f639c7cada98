// SPDX-License-Identifier: Apache-2.0
#include "base/threads.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <latch>
#include <system_error>
#include <thread>
#include <vector>

#include "nibble/error.h"

namespace nibble {

int thread_count(int asked) {
  if (asked > 0) return asked;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void require_threads(int count) {
  std::latch all_tried{1};
  std::vector<std::jthread> others;  // joined when the latch is open
  std::error_code refusal;
  try {
    while (static_cast<int>(others.size()) + 1 < count) others.emplace_back([&] { all_tried.wait(); });
  } catch (const std::system_error& error) {
    refusal = error.code();
  }
  all_tried.count_down();
  if (refusal)
    throw Error(ErrorKind::environment, fmt::format("threads: {} of {} can be started here: {}; raise the limit (ulimit -u, a container's "
                                                    "pids.max), or take fewer with --threads N",
                                                    others.size() + 1, count, refusal.message()));
}

}  // namespace nibble

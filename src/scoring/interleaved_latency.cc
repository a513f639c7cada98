// SPDX-License-Identifier: Apache-2.0
#include "scoring/interleaved_latency.h"

#include <chrono>

#include "scoring/latency.h"

namespace nibble {

std::vector<Latency> measure_interleaved(const std::vector<const Session*>& sessions, const std::vector<Tensor>& inputs,
                                         std::int64_t warmup, std::int64_t runs, Progress& progress) {
  using Steady = std::chrono::steady_clock;
  std::vector<std::vector<double>> times_ms(sessions.size());
  progress.begin("times, in turns", warmup + runs);
  for (std::int64_t round = 0; round < warmup + runs; ++round) {
    throw_if_interrupted();
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      const auto start = Steady::now();
      sessions[i]->run({inputs[i]});
      const std::chrono::duration<double, std::milli> elapsed = Steady::now() - start;
      if (round >= warmup) times_ms[i].push_back(elapsed.count());
    }
    progress.step();
  }
  progress.end();
  std::vector<Latency> latencies;
  for (auto& times : times_ms) latencies.push_back(summarize_latency(std::move(times)));
  return latencies;
}

}  // namespace nibble

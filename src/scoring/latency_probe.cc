// SPDX-License-Identifier: Apache-2.0
#include "scoring/latency_probe.h"

#include <fmt/format.h>

#include <chrono>

#include "scoring/latency.h"

namespace nibble {

Latency measure_latency(const Session& session, const Tensor& input, const std::string& title, Progress& progress) {
  using Steady = std::chrono::steady_clock;
  std::vector<double> run_ms;
  progress.begin(title, kWarmupRuns + kMeasuredRuns);
  for (std::int64_t i = 0; i < kWarmupRuns + kMeasuredRuns; ++i) {
    throw_if_interrupted();
    const auto start = Steady::now();
    session.run({input});
    const std::chrono::duration<double, std::milli> elapsed = Steady::now() - start;
    if (i >= kWarmupRuns) run_ms.push_back(elapsed.count());
    progress.step();
  }
  const auto latency = summarize_latency(std::move(run_ms));
  progress.end(fmt::format("median {:.1f} ms, p90 {:.1f} ms", latency.median_ms, latency.p90_ms));
  return latency;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "scoring/latency.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "nibble/error.h"

namespace nibble {
namespace {

double quantile(const std::vector<double>& ascending, double fraction) {
  const double position = fraction * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(position));
  const auto above = std::min(below + 1, ascending.size() - 1);
  return ascending[below] + (position - std::floor(position)) * (ascending[above] - ascending[below]);
}

}  // namespace

Latency summarize_latency(std::vector<double> run_ms) {
  if (run_ms.empty()) throw Error(ErrorKind::internal, "latency: no run was measured");
  std::sort(run_ms.begin(), run_ms.end());
  Latency latency;
  latency.runs = static_cast<std::int64_t>(run_ms.size());
  latency.mean_ms = std::accumulate(run_ms.begin(), run_ms.end(), 0.0) / static_cast<double>(run_ms.size());
  latency.median_ms = quantile(run_ms, 0.5);
  latency.p90_ms = quantile(run_ms, 0.9);
  latency.throughput_fps = latency.mean_ms > 0 ? 1000 / latency.mean_ms : 0;
  latency.run_ms = std::move(run_ms);
  return latency;
}

}  // namespace nibble

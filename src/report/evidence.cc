// SPDX-License-Identifier: Apache-2.0
#include "report/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nibble {
namespace {

/// Two digits: it is an estimate.
std::int64_t rounded_count(double count) {
  constexpr double kMost = 1e15;
  if (!(count < kMost)) return 0;
  const double unit = std::pow(10.0, std::max(0.0, std::floor(std::log10(std::max(count, 1.0))) - 1));
  constexpr double kNoise = 1e-6;  // of the division: 400.0000001 is 400
  return static_cast<std::int64_t>(std::ceil(count / unit - kNoise) * unit);
}

std::int64_t images_needed(const Measured& measured, double limit) {
  const double distance = std::abs(measured.value - limit);
  const double width = measured.value >= limit ? measured.value - measured.interval->low : measured.interval->high - measured.value;
  if (!(distance > 0) || !(width > 0)) return 0;
  const double ratio = width / distance;
  return std::max(measured.images + 1, rounded_count(static_cast<double>(measured.images) * ratio * ratio));
}

}  // namespace

void judge(GateResult& gate, const Measured& measured, double limit, LimitSide side) {
  const auto keeps = [&](double value) { return side == LimitSide::at_least ? value >= limit : value <= limit; };
  gate.undecided = false;
  gate.images_needed = 0;
  if (!measured.interval) {
    gate.passed = !measured.needs_interval && keeps(measured.value);
    gate.undecided = measured.needs_interval;
    if (gate.undecided) gate.detail += fmt::format("; {} scored images give no interval", measured.images);
    return;
  }
  const bool low = keeps(measured.interval->low), high = keeps(measured.interval->high);
  gate.passed = low && high;
  gate.undecided = low != high;
  gate.detail += fmt::format("; 95 %: {}", text_of(*measured.interval));
  if (!gate.undecided) return;
  gate.images_needed = images_needed(measured, limit);
  gate.detail += gate.images_needed > 0 ? fmt::format(", from {} images; about {} would decide", measured.images, gate.images_needed)
                                        : fmt::format(", from {} images", measured.images);
}

std::string outcome_text(const GateResult& gate) {
  if (gate.passed) return "passed";
  return gate.undecided ? "not enough evidence" : "FAILED";
}

std::string outcome_state(const GateResult& gate) {
  if (gate.passed) return "passed";
  return gate.undecided ? "open" : "failed";
}

std::string text_of(const Interval& interval) { return fmt::format("{:.4f} to {:.4f}", interval.low, interval.high); }

}  // namespace nibble

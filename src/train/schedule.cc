// SPDX-License-Identifier: Apache-2.0
#include "train/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void refuse(const std::string& field, double value, const std::string& limit) {
  throw Error(ErrorKind::usage, fmt::format("schedule: {}: {} makes no sense; give {}", field, value, limit));
}

void check(const Schedule& schedule) {
  if (!(schedule.peak > 0) || !std::isfinite(schedule.peak)) refuse("learning rate", schedule.peak, "a positive number");
  if (schedule.steps < 1) refuse("steps", static_cast<double>(schedule.steps), "at least 1");
  if (schedule.warmup_steps < 0 || schedule.warmup_steps >= schedule.steps)
    refuse("warm-up steps", static_cast<double>(schedule.warmup_steps),
           fmt::format("0 to {}, one less than all steps", schedule.steps - 1));
  if (!(schedule.final_fraction >= 0 && schedule.final_fraction <= 1)) refuse("final fraction", schedule.final_fraction, "0 to 1");
}

}  // namespace

double learning_rate(const Schedule& schedule, std::int64_t step) {
  check(schedule);
  if (step < schedule.warmup_steps)
    return schedule.peak * static_cast<double>(std::max<std::int64_t>(step, 0) + 1) / static_cast<double>(schedule.warmup_steps + 1);
  const auto last = static_cast<double>(std::max<std::int64_t>(schedule.steps - 1 - schedule.warmup_steps, 1));
  const double part = std::min(static_cast<double>(step - schedule.warmup_steps) / last, 1.0);
  const double cosine = (1 + std::cos(std::numbers::pi * part)) / 2;
  return schedule.peak * (schedule.final_fraction + (1 - schedule.final_fraction) * cosine);
}

}  // namespace nibble

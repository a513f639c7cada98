// SPDX-License-Identifier: Apache-2.0
#include "base/limits.h"

#include <fmt/format.h>

#include <mutex>

#include "nibble/error.h"

namespace nibble {
namespace {

constexpr double kMostSeconds = 86400;
constexpr std::int64_t kMostBytes = std::int64_t{1} << 50, kMostPixels = std::int64_t{1} << 30;  // OpenCV decodes no more than 2^30 pixels

struct SharedLimits {
  std::mutex mutex;
  Limits chosen;
};

SharedLimits& shared() {
  static SharedLimits instance;
  return instance;
}

void require(bool holds, const char* name, const std::string& value, const std::string& expected) {
  if (!holds) throw Error(ErrorKind::usage, fmt::format("{}: {} is out of range; expected {}", name, value, expected));
}

}  // namespace

void set_limits(const Limits& limits) {
  require(limits.load_seconds >= 0 && limits.load_seconds <= kMostSeconds, "load_seconds", fmt::format("{}", limits.load_seconds),
          fmt::format("0 to {}", kMostSeconds));
  require(limits.load_memory_bytes >= 1 && limits.load_memory_bytes <= kMostBytes, "load_memory_bytes",
          fmt::format("{}", limits.load_memory_bytes), fmt::format("1 to {}", kMostBytes));
  require(limits.image_pixels >= 1 && limits.image_pixels <= kMostPixels, "image_pixels", fmt::format("{}", limits.image_pixels),
          fmt::format("1 to {}", kMostPixels));
  const std::lock_guard lock(shared().mutex);
  shared().chosen = limits;
}

Limits chosen_limits() {
  const std::lock_guard lock(shared().mutex);
  return shared().chosen;
}

}  // namespace nibble

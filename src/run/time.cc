// SPDX-License-Identifier: Apache-2.0
#include "run/time.h"

#include <fmt/chrono.h>

namespace nibble {

std::string utc_text(Clock::time_point time) { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(Clock::to_time_t(time))); }

std::string run_id_of(Clock::time_point time) { return fmt::format("{:%Y-%m-%d_%H-%M-%S}", fmt::gmtime(Clock::to_time_t(time))); }

}  // namespace nibble

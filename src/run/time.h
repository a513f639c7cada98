// SPDX-License-Identifier: Apache-2.0
// Points in time as text, always UTC.
#pragma once
#include <chrono>
#include <string>

namespace nibble {

using Clock = std::chrono::system_clock;

/// "2026-11-23T21:30:29Z"
std::string utc_text(Clock::time_point time);
/// "2026-11-23_21-30-29": the default run id; sorts by time.
std::string run_id_of(Clock::time_point time);

}  // namespace nibble

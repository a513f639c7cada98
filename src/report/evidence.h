// SPDX-License-Identifier: Apache-2.0
// A measured number against a limit.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "nibble/intervals.h"
#include "nibble/report.h"

namespace nibble {

enum class LimitSide { at_least, at_most };

struct Measured {
  double value = 0;
  std::optional<Interval> interval = {};
  /// True for numbers of an image sample while resamples are drawn: without an interval there is no evidence. False for numbers that are
  /// exact, as the size of a file is.
  bool needs_interval = false;
  std::int64_t images = 0;  ///< scored
};

/// Sets passed, undecided and images_needed of `gate` and appends to its detail. With an interval: passed where all of it keeps the limit,
/// failed where none of it does, else undecided. Its width falls with the square root of the number of images, so that at
/// images * (width of the side that crosses / distance of the value from the limit)^2 images it would end at the limit.
void judge(GateResult& gate, const Measured& measured, double limit, LimitSide side);

/// "passed", "FAILED" or "not enough evidence".
std::string outcome_text(const GateResult& gate);
/// The same as a word for CSS and JSON: "passed", "failed", "open".
std::string outcome_state(const GateResult& gate);

/// "0.3812 to 0.4501".
std::string text_of(const Interval& interval);

}  // namespace nibble

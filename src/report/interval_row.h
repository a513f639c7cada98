// SPDX-License-Identifier: Apache-2.0
// How sure the scores are, as text for summary.md and report.html.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"

namespace nibble {

/// One scored file and one number. "-" stands for what there is not, as a change of the baseline.
struct IntervalRow {
  std::string name, metric, value, interval, change, change_interval;
};

/// mAP_50_95, mAP_50 and the mAP of each size that is defined, of every scored file; none where no resamples were drawn.
std::vector<IntervalRow> interval_rows(const Report& report);

/// What the intervals are, in one sentence.
std::string interval_note(const Report& report);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// A finished run read back from its directory.
#pragma once
#include <string>
#include <vector>

#include "nibble/report.h"
#include "report/gates.h"
#include "run/untrusted_run.h"
#include "scoring/task_set.h"

namespace nibble {

struct RunRecord {
  Report report;      ///< what gates and the tables of summary.md are made of; times and data lines are left out
  TaskForm form;      ///< of the model, without the names of its classes
  GateLimits limits;  ///< as the run had them
  bool strict_gates = false;
  bool smoke = false;  ///< nothing was scored
  std::int64_t resamples = 0;
  std::uint64_t seed = 0;
};

/// Error(input) naming what run.json or a file that it names lacks.
RunRecord read_run_record(const UntrustedRun& run);

/// How this machine and program differ from those of the run, one sentence each: versions of libraries, processor, its vector extensions.
/// Any of them can change the last digits of a number.
std::vector<std::string> environment_differences(const UntrustedRun& run);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The inputs of a run that is made again: found by their hashes, wherever they lie now.
#pragma once
#include <string>
#include <vector>

#include "base/temporary.h"
#include "nibble/replay.h"
#include "run/untrusted_run.h"

namespace nibble {

struct ReplayInputs {
  RunOptions run;                    ///< complete
  std::vector<std::string> reasons;  ///< inputs of other content (with allow_other_inputs), settings that are not the run's
};

/// Error(input) naming the first input that is not found, and the option that says where it is. Lists of images are written into `scratch`,
/// which must live as long as the run.
ReplayInputs find_inputs(const UntrustedRun& run, const ReplayOptions& options, const TemporaryFolder& scratch);

}  // namespace nibble

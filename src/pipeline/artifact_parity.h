// SPDX-License-Identifier: Apache-2.0
// One image through the files of a variant: what optimisation levels, clean-up, packing and half precision change.
#pragma once
#include <vector>

#include "nibble/report.h"
#include "pipeline/ptq.h"
#include "pipeline/run_plan.h"

namespace nibble {

struct ParityContext {
  const RunPlan& plan;
  const RunDirectory& directory;
  Tensor probe;  ///< f32 [1,3,S,S]
};

/// FP32: optimisations on against off; FP16 against FP32.
void compare_baseline(const ParityContext& context, std::vector<ArtifactReport>& reports);

/// The -opt file: optimisations on against off, and against the file it was cleaned from (must be equal); INT4, FP16
/// and integer twins against it. `files` and `reports` correspond.
void compare_quantized(const ParityContext& context, const std::vector<PtqFile>& files, std::vector<ArtifactReport>& reports);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// One image through the files of a variant: what optimisation levels, clean-up, packing and half precision change.
#pragma once
#include <vector>

#include "artifacts/variant_files.h"
#include "nibble/report.h"
#include "run/run_plan.h"

namespace nibble {

struct ParityContext {
  const RunPlan& plan;
  const RunDirectory& directory;
  Tensor probe;  ///< f32 [1,3,S,S]
};

/// FP32: optimisations on against off; FP16 against FP32.
void compare_baseline(const ParityContext& context, std::vector<ArtifactReport>& reports);

/// The -opt file (or INT4 where that is the only dialect): optimisations on against off, and FP16 and integer forms against it. The unpack
/// form: optimisations on against off, and against INT4 with weights folded. Twins get
/// the difference of their outputs, which must be 0 where their weights are equal in FP32. `files` and `reports` correspond, `twins` are
/// prove_twins' of them.
void compare_quantized(const ParityContext& context, const std::vector<VariantFile>& files, std::vector<ArtifactReport>& reports,
                       std::vector<TwinReport>& twins);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Checks every written file: whether it loads, runs, and holds what it should.
#pragma once
#include <filesystem>
#include <string>

#include "nibble/options.h"
#include "nibble/report.h"
#include "scoring/detector_file.h"

namespace nibble {

/// One file of a run, by name and path.
struct ArtifactId {
  std::string name;
  std::string recipe;
  std::string path;  ///< relative to the run directory
  std::filesystem::path file;
};

/// Loads the file with optimisations on, runs it on random input, counts its quantisers. A file that the runtime refuses
/// or that answers with non-finite numbers is a result; a missing runtime or provider is an Error(environment).
ArtifactReport check_artifact(const ArtifactId& id, const RuntimeOptions& runtime);

/// The first output of the model for `input`, with graph optimisations on or off.
Tensor first_output(const std::filesystem::path& model, const RuntimeOptions& runtime, bool optimize, const Tensor& input);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The verdict of a run (nibble/verdict.h) as text and JSON.
#pragma once
#include <string>

#include "base/json.h"
#include "nibble/verdict.h"

namespace nibble {

/// Bullets for summary.md: each recommendation with its file, then what is lost. Empty for an empty verdict.
std::string verdict_markdown(const Verdict& verdict);

/// {recommendations: [{purpose, artifact, path, reason}], losses: [{artifact, sentence}]}; artifact and path are null where no file is
/// recommended.
Json to_json(const Verdict& verdict);

}  // namespace nibble

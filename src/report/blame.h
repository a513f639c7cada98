// SPDX-License-Identifier: Apache-2.0
// The short form of compare.json (docs/formats.md) that a report shows.
#pragma once
#include <string>

#include "base/placed_json.h"
#include "nibble/report.h"

namespace nibble {

/// Reads the document's main findings. `path` is where it lies, relative to the run directory. Error(input) naming what it lacks.
Blame blame_from_document(const PlacedJson& document, const std::string& path);

}  // namespace nibble

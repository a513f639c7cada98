// SPDX-License-Identifier: Apache-2.0
// compare.json (docs/formats.md) in short.
#pragma once
#include <string>

#include "base/json.h"
#include "nibble/report.h"

namespace nibble {

/// `path`: where the document stands, relative to the run directory. Error(input) naming what it lacks.
Blame blame_from_document(const Json& document, const std::string& path);

}  // namespace nibble

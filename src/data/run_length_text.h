// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "data/run_lengths.h"

namespace nibble {

/// COCO's compressed text, which runs_of_text reads back: pycocotools' rleToString.
std::string text_of_runs(const RunLengths& mask);

}  // namespace nibble

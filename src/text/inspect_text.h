// SPDX-License-Identifier: Apache-2.0
// What `inspect` prints, by the kind of file.
#pragma once
#include <string>

#include "base/json.h"
#include "nibble/inspect.h"

namespace nibble {

std::string text_of(const CheckpointSummary& summary);
std::string text_of(const OnnxInspection& inspection);
Json to_json(const CheckpointSummary& summary);
Json to_json(const OnnxInspection& inspection);

}  // namespace nibble

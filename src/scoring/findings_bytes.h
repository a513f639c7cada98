// SPDX-License-Identifier: Apache-2.0
// Findings as bytes, for another process of the same job: every number is the same bit for bit when they are read.
#pragma once
#include <string>

#include "eval/findings.h"

namespace nibble {

std::string to_bytes(const Findings& findings);
/// Error(internal) where the bytes are not those of to_bytes.
Findings findings_from_bytes(const std::string& bytes);

/// Adds those of more images at the end.
void append(Findings& findings, Findings more);

}  // namespace nibble

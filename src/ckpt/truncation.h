// SPDX-License-Identifier: Apache-2.0
// Explains where an archive that has lost its end was cut, and how much of it is missing as far as the rest tells.
#pragma once
#include <cstddef>
#include <span>
#include <string>

#include "ckpt/checkpoint.h"

namespace nibble {

/// "<why>; <what to do>" for bytes that start as a zip archive and do not end as one.
std::string explain_truncation(std::span<const std::byte> bytes, const CheckpointLimits& limits);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/json.h"
#include "nibble/doctor.h"

namespace nibble {

/// {nibble, compiler, LibTorch, ...}; a missing one is null.
Json library_versions();

}  // namespace nibble

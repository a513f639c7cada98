// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "nibble/limits.h"

namespace nibble {

/// What set_limits was last called with; the defaults before that.
Limits chosen_limits();

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "nibble/locations.h"

namespace nibble {

/// What set_locations was last called with; empty members before that.
Locations chosen_locations();

}  // namespace nibble

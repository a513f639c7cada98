// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "nibble/locations.h"

namespace nibble {

/// See set_locations, which passes on to this.
void choose_locations(const Locations& locations);
/// What it was last called with; empty members before that.
Locations chosen_locations();

}  // namespace nibble

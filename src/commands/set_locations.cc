// SPDX-License-Identifier: Apache-2.0
#include "base/locations.h"

namespace nibble {

void set_locations(const Locations& locations) { choose_locations(locations); }

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/image_duties.h"

#include "scoring/find_together.h"

namespace nibble {

Duties image_duties() { return {{kFindDuty, help_to_find}}; }

}  // namespace nibble

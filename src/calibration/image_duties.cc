// SPDX-License-Identifier: Apache-2.0
#include "calibration/image_duties.h"

#include "calibration/calibrate_recipe.h"
#include "scoring/find_together.h"

namespace nibble {

Duties image_duties() { return {{kFindDuty, help_to_find}, {kCalibrateDuty, help_to_calibrate_recipe}}; }

}  // namespace nibble

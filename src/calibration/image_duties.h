// SPDX-License-Identifier: Apache-2.0
// All that the other processes of a command can be asked to help with.
#pragma once
#include "comm/shared_work.h"

namespace nibble {

Duties image_duties();

}  // namespace nibble

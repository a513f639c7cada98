// SPDX-License-Identifier: Apache-2.0
#include "nibble/visibility.h"

extern "C" NIBBLE_EXPORT int nibble_answer() { return 40; }

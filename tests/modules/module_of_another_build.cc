// SPDX-License-Identifier: Apache-2.0
#include "nibble/visibility.h"

extern "C" NIBBLE_EXPORT const char* nibble_module_build_id() { return "0.0.9-feedfacefeedface"; }
extern "C" NIBBLE_EXPORT int nibble_answer() { return 41; }

// SPDX-License-Identifier: Apache-2.0
// A module as the real ones are: linked with libnibble_base.so, and with base/module_build_id.cc.
#include "base/progress.h"
#include "nibble/error.h"
#include "nibble/visibility.h"

extern "C" NIBBLE_EXPORT int nibble_answer() { return 42; }

/// As a long computation of a module stops: by an exception that the program catches.
extern "C" NIBBLE_EXPORT void nibble_stop_where_asked() { nibble::throw_if_interrupted(); }

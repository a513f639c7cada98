// SPDX-License-Identifier: Apache-2.0
// Linked into each loadable module.
#include <type_traits>

#include "base/build_id.h"
#include "base/build_id_value.h"
#include "nibble/visibility.h"

extern "C" NIBBLE_EXPORT const char* nibble_module_build_id() { return nibble::kBuildId; }

static_assert(std::is_same_v<decltype(nibble_module_build_id), nibble::ModuleBuildIdFunction>);

// SPDX-License-Identifier: Apache-2.0
#include "base/build_id.h"

#include "base/build_id_value.h"

namespace nibble {

std::string build_id() { return kBuildId; }

}  // namespace nibble

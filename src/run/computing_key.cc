// SPDX-License-Identifier: Apache-2.0
#include "run/computing_key.h"

#include "run/environment.h"
#include "run/versions.h"

namespace nibble {

Json computing_key(const RuntimeOptions& runtime) {
  return {{"machine", machine_facts()},   {"libraries", library_versions()},
          {"provider", runtime.provider}, {"allow_cpu_fallback", runtime.allow_cpu_fallback},
          {"threads", runtime.threads},   {"session_options", runtime.session_options}};
}

}  // namespace nibble

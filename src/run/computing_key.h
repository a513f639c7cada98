// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "base/json.h"
#include "nibble/options.h"

namespace nibble {

/// What decides besides files what a network answers, and how fast: machine, versions of libraries, provider, threads, session options. A
/// part of keys of what is kept for `--resume`.
Json computing_key(const RuntimeOptions& runtime);

}  // namespace nibble

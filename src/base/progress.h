// SPDX-License-Identifier: Apache-2.0
// Interruption of a long stage; its progress is the public interface nibble/progress.h.
#pragma once
#include "nibble/progress.h"

namespace nibble {

/// Set by a signal handler; any long loop calls throw_if_interrupted() once per unit of work.
void request_interrupt() noexcept;
/// Error(interrupted) after request_interrupt().
void throw_if_interrupted();

}  // namespace nibble

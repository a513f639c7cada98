// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace nibble {

/// Ctrl-C and SIGTERM ask the running stage to stop after its current unit of work; the second one kills.
void install_interrupt_handlers();

}  // namespace nibble

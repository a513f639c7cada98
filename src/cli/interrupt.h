// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace nibble {

/// Ctrl-C, SIGTERM and SIGHUP (unless it is ignored, as under nohup) ask the running stage to stop after its current unit of work; the
/// second one kills.
void install_interrupt_handlers();

}  // namespace nibble

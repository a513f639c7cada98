// SPDX-License-Identifier: Apache-2.0
#include "base/progress.h"

#include <atomic>

#include "nibble/error.h"

namespace nibble {
namespace {
std::atomic<bool> interrupt_requested{false};  // lock-free: set from a signal handler
}

void request_interrupt() noexcept { interrupt_requested.store(true); }

void throw_if_interrupted() {
  if (interrupt_requested.load()) throw Error(ErrorKind::interrupted, "interrupted: stopped on request");
}

}  // namespace nibble

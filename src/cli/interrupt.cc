// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <cstring>

#include "base/progress.h"

namespace nibble {
namespace {

extern "C" void on_signal(int) {
  request_interrupt();
  static constexpr char kText[] = "\nnibble: stopping after the current step; once more to stop at once\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, kText, sizeof(kText) - 1);
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);  // reset: the second signal kills
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  struct sigaction hangup {};
  ::sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) ::sigaction(SIGHUP, &action, nullptr);  // nohup: the terminal may go
  ::signal(SIGXFSZ, SIG_IGN);  // a file size limit is then an ordinary write error, with its message
}

}  // namespace nibble

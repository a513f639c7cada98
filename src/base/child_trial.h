// SPDX-License-Identifier: Apache-2.0
// Work that may crash, hang or allocate without bound, done first in a child process.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

namespace nibble {

struct TrialLimits {
  double seconds = 60;      ///< of the clock on the wall
  std::int64_t bytes = -1;  ///< of address space beyond what this process has; negative: no limit
};

enum class TrialOutcome {
  done,
  threw,      ///< an exception left the work; its words are in `words`
  crashed,    ///< a signal ended the child; its name is in `words`
  timed_out,  ///< it was ended after TrialLimits::seconds
  no_memory,  ///< an allocation failed under TrialLimits::bytes
  no_child    ///< no child process could be made; the system's words are in `words`
};

struct Trial {
  TrialOutcome outcome = TrialOutcome::done;
  std::string words;
  std::string step;  ///< what the work said last that it does
};

/// Does `work` in a fork of this process, where standard output and error lead nowhere, and returns how it ended; the child ends with it,
/// by _exit, and with this process. `work` is given a function by which it says what it does next. Nothing else that it does is seen here.
/// Other threads do not exist in the child: `work` must not need what one of them may hold. Error(interrupted) where a signal came
/// meanwhile; the child is ended first.
Trial try_in_child(const TrialLimits& limits, const std::function<void(const std::function<void(const std::string&)>& next)>& work);

/// In the child: raises TrialLimits::bytes by so many, not beyond the memory of the machine.
void allow_more_memory(std::int64_t bytes);

}  // namespace nibble

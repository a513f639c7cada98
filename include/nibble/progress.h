// SPDX-License-Identifier: Apache-2.0
// How a long command tells what it does, without knowing who listens, and how it is stopped.
#pragma once
#include <cstdint>
#include <string>

#include "nibble/visibility.h"

namespace nibble {

/// Receives the course of a stage. The default says nothing; the command line draws a bar.
/// Calls come from one thread: begin, then step for each unit done, then end. An exception thrown here ends the command.
class NIBBLE_EXPORT Progress {
 public:
  virtual ~Progress() = default;
  /// `title` as shown ("calibrate w4a16"), `total` units of work (images, layers).
  virtual void begin([[maybe_unused]] const std::string& title, [[maybe_unused]] std::int64_t total) {}
  /// One more unit is done; `note` may name it ("model.4.cv1.conv").
  virtual void step([[maybe_unused]] const std::string& note = {}) {}
  /// The stage is over; `summary` is one line worth keeping ("82 layers, SQNR 21.3 dB").
  virtual void end([[maybe_unused]] const std::string& summary = {}) {}
  /// The command asks at the beginning of each stage and after each unit, on its own thread. True ends it with Error(interrupted), as
  /// Ctrl-C does: files that are not finished are removed, a run directory or a training can be resumed. Each command has its own
  /// Progress, so commands that run at the same time are cancelled one by one.
  virtual bool cancelled() const { return false; }
};

}  // namespace nibble

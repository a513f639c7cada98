// SPDX-License-Identifier: Apache-2.0
// How a long command tells what it does, without knowing who listens.
#pragma once
#include <cstdint>
#include <string>

namespace nibble {

/// Receives the course of a stage. The default says nothing; the command line draws a bar.
/// Calls come from one thread: begin, then step for each unit done, then end. An exception thrown here ends the command.
class Progress {
 public:
  virtual ~Progress() = default;
  /// `title` as shown ("calibrate w4a16"), `total` units of work (images, layers).
  virtual void begin(const std::string& title, std::int64_t total) {}
  /// One more unit is done; `note` may name it ("model.4.cv1.conv").
  virtual void step(const std::string& note = {}) {}
  /// The stage is over; `summary` is one line worth keeping ("82 layers, SQNR 21.3 dB").
  virtual void end(const std::string& summary = {}) {}
};

}  // namespace nibble

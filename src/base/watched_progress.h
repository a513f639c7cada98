// SPDX-License-Identifier: Apache-2.0
// The caller's progress as a command uses it: a cancelled one ends the command at the next unit of work.
#pragma once
#include "nibble/error.h"
#include "nibble/progress.h"

namespace nibble {

class WatchedProgress final : public Progress {
 public:
  explicit WatchedProgress(Progress& listener) : listener_(listener) {}

  /// Error(interrupted) where the listener says so.
  void begin(const std::string& title, std::int64_t total) override {
    throw_if_cancelled();
    listener_.begin(title, total);
  }
  /// As begin.
  void step(const std::string& note) override {
    listener_.step(note);
    throw_if_cancelled();
  }
  void end(const std::string& summary) override { listener_.end(summary); }
  bool cancelled() const override { return listener_.cancelled(); }

 private:
  void throw_if_cancelled() const {
    if (listener_.cancelled()) throw Error(ErrorKind::interrupted, "interrupted: cancelled by the caller");
  }

  Progress& listener_;
};

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Messages besides results. They go to log files while these are open, and to a listener (the terminal).
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace nibble {

enum class LogLevel { debug, info, warning };

/// Sends a message to every open LogFile and to the listener. May be called by several threads at once; the listener is then called by
/// several threads at once too.
void log(LogLevel level, const std::string& message);

/// The same for the first message of these words in this process; later ones are dropped.
void log_once(LogLevel level, const std::string& message);

/// Replaces the listener (initially none); it may log itself. A call of the old one may still be on its way.
void set_log_listener(std::function<void(LogLevel, const std::string&)> listener);

/// While it lives, messages of all levels are appended to the file with UTC times. Error(environment) if it cannot be opened.
class LogFile {
 public:
  explicit LogFile(const std::filesystem::path& path);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace nibble

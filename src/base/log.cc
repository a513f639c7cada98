// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <vector>

#include "base/printable.h"
#include "nibble/error.h"

namespace nibble {
namespace {

struct Targets {
  std::vector<std::shared_ptr<spdlog::logger>> files;
  std::function<void(LogLevel, const std::string&)> listener;
};

struct SharedTargets : Targets {
  std::mutex mutex;
};

SharedTargets& targets() {
  static SharedTargets instance;
  return instance;
}

Targets current_targets() {
  const std::lock_guard lock(targets().mutex);
  return targets();
}

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
  }
  return spdlog::level::info;
}

std::shared_ptr<spdlog::logger> open_logger(const std::filesystem::path& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    auto logger = std::make_shared<spdlog::logger>("nibble", std::move(sink));
    logger->set_formatter(std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc));
    logger->set_level(spdlog::level::debug);
    logger->flush_on(spdlog::level::info);
    logger->set_error_handler([](const std::string&) {});  // a full disk stops the work with its own message
    return logger;
  } catch (const spdlog::spdlog_ex& error) {
    throw Error(ErrorKind::environment,
                fmt::format("cannot write log: {}: {}; check the folder and free space", path.string(), error.what()));
  }
}

}  // namespace

void log(LogLevel level, const std::string& words) {
  const std::string message = printable_line(words);  // whatever a file calls its classes
  // Called without the lock: a listener may log, or replace itself.
  const auto [files, listener] = current_targets();
  for (const auto& file : files) file->log(level_of(level), message);
  if (listener) listener(level, message);
}

void log_once(LogLevel level, const std::string& message) {
  static std::mutex mutex;
  static std::set<std::string> seen;
  {
    const std::lock_guard lock(mutex);
    if (!seen.insert(message).second) return;
  }
  log(level, message);
}

void set_log_listener(std::function<void(LogLevel, const std::string&)> listener) {
  const std::lock_guard lock(targets().mutex);
  targets().listener = std::move(listener);
}

struct LogFile::State {
  std::shared_ptr<spdlog::logger> logger;
};

LogFile::LogFile(const std::filesystem::path& path) : state_(std::make_unique<State>(State{open_logger(path)})) {
  const std::lock_guard lock(targets().mutex);
  targets().files.push_back(state_->logger);
}

LogFile::~LogFile() {
  const std::lock_guard lock(targets().mutex);
  auto& files = targets().files;
  files.erase(std::remove(files.begin(), files.end(), state_->logger), files.end());
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;

TEST(Log, GoesToOpenFilesAndTheListener) {
  const auto path = test::process_folder() / "nibble_log_test.log";
  std::filesystem::remove(path);
  std::string heard;
  set_log_listener([&](LogLevel level, const std::string& message) {
    if (level == LogLevel::warning) heard += message;
  });
  {
    const LogFile file(path);
    log(LogLevel::info, "first");
    log(LogLevel::warning, "second {not a format}");
  }
  log(LogLevel::warning, "third");
  set_log_listener(nullptr);
  const auto text = read_file(path);
  EXPECT_THAT(text, HasSubstr("Z info first\n"));
  EXPECT_THAT(text, HasSubstr("Z warning second {not a format}\n"));
  EXPECT_THAT(text, Not(HasSubstr("third")));
  EXPECT_EQ(heard, "second {not a format}third");
  std::filesystem::remove(path);
}

TEST(Log, SaysOnceWhatHoldsForManyFiles) {
  std::string heard;
  set_log_listener([&](LogLevel, const std::string& message) { heard += message; });
  for (int i = 0; i < 3; ++i) log_once(LogLevel::warning, "the same words");
  log_once(LogLevel::warning, ", others");
  set_log_listener(nullptr);
  EXPECT_EQ(heard, "the same words, others");
}

// Were the lock held while the listener runs, this would never end.
TEST(Log, AListenerMayLogAndReplaceItself) {
  std::string heard;
  set_log_listener([&](LogLevel, const std::string& message) {
    heard += message;
    set_log_listener([&](LogLevel, const std::string& later) { heard += "[" + later + "]"; });
    log(LogLevel::info, "inner");
  });
  log(LogLevel::info, "outer");
  set_log_listener(nullptr);
  EXPECT_EQ(heard, "outer[inner]");
}

TEST(Log, AnUnwritableFileIsAnEnvironmentError) {
  try {
    const LogFile file("/proc/no/such/folder/nibble.log");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::environment);
  }
}

}  // namespace
}  // namespace nibble

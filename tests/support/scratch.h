// SPDX-License-Identifier: Apache-2.0
// A folder of its own for each test, removed afterwards; errors and shared files in tests.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "nibble/error.h"

namespace nibble::test {

class Scratch : public testing::Test {
 protected:
  Scratch() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              ("nibble-" + std::string(info->test_suite_name()) + "-" + info->name() + "-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
  }
  ~Scratch() override {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  /// Writes `name` (with its folders) and returns its path.
  std::filesystem::path file(const std::string& name, const std::string& content) const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

/// Runs `action`, which must throw an Error of `kind` whose message holds every one of `parts`.
template <class Action>
void expect_error(ErrorKind kind, const std::vector<std::string>& parts, Action action) {
  try {
    action();
    ADD_FAILURE() << "no error; expected one with \"" << testing::PrintToString(parts) << "\"";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    for (const auto& part : parts) EXPECT_THAT(error.what(), testing::HasSubstr(part));
  }
}

/// The shared material ($NIBBLE_SHARED, else ../shared beside the checkout); nothing where it is missing.
inline std::optional<std::filesystem::path> shared_folder() {
  const char* named = std::getenv("NIBBLE_SHARED");
  const std::filesystem::path folder = named ? named : NIBBLE_SOURCE_DIR "/../shared";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

}  // namespace nibble::test

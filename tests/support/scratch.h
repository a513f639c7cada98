// SPDX-License-Identifier: Apache-2.0
// A folder of its own for each test, removed afterwards; errors and shared files in tests.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "nibble/error.h"

namespace nibble::test {

/// A folder of this process alone, made at first use and removed at exit: ctest runs each test as a process of its own, several
/// at once, so a name shared between tests would be a race.
inline const std::filesystem::path& process_folder() {
  struct Folder {
    Folder() {
      std::string name = (std::filesystem::temp_directory_path() / "nibble-test-XXXXXX").string();
      if (::mkdtemp(name.data()) == nullptr)
        throw std::filesystem::filesystem_error("mkdtemp", name, std::error_code(errno, std::generic_category()));
      path = name;
    }
    ~Folder() {
      std::error_code ignored;
      std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path;
  };
  static const Folder folder;
  return folder.path;
}

class Scratch : public ::testing::Test {
 protected:
  Scratch() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = process_folder() / info->test_suite_name() / info->name();
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
    ADD_FAILURE() << "no error; expected one with \"" << ::testing::PrintToString(parts) << "\"";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    for (const auto& part : parts) EXPECT_THAT(error.what(), ::testing::HasSubstr(part));
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

// SPDX-License-Identifier: Apache-2.0
// The files that are shipped are linked and compiled as cmake/harden.cmake says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "hardening/elf_file.h"

namespace nibble::test {
namespace {
namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;

const fs::path kBuild = NIBBLE_BINARY_DIR;
const std::vector<std::string> kShipped{"nibble", "libnibble.so", "libnibble_base.so", "libnibble_torch.so", "libnibble_image.so"};

TEST(Hardening, AddressesAreRandomBoundEarlyAndReadOnlyAndNoStackHoldsCode) {
  for (const auto& name : kShipped) {
    SCOPED_TRACE(name);
    const auto file = read_elf(kBuild / name);
    EXPECT_TRUE(file.shared);
    EXPECT_EQ(file.program, name == "nibble");
    EXPECT_TRUE(file.relocations_read_only);
    EXPECT_TRUE(file.bound_at_start);
    EXPECT_FALSE(file.executable_stack);
    EXPECT_FALSE(file.writable_code);
    EXPECT_FALSE(file.relocates_code);
  }
}

/// An empty entry is the current directory, which may be anybody's.
TEST(Hardening, LibrariesAreLookedForBesideTheFileAloneAndNeverInTheCurrentDirectory) {
  for (const auto& name : kShipped)
    for (const auto& path : read_elf(kBuild / name).search_paths)
      EXPECT_TRUE(path.starts_with("$ORIGIN") || path.starts_with("/")) << name << ": '" << path << "'";
}

TEST(Hardening, StacksAreGuarded) {
  if (!NIBBLE_GUARDED) GTEST_SKIP() << "a build with sanitizers, which have checks of their own";
  for (const auto& name : kShipped) EXPECT_THAT(read_elf(kBuild / name).imports, Contains("__stack_chk_fail")) << name;
}

TEST(Hardening, EverySourceFileOfTheProductIsCompiledWithTheChecks) {
  if (!NIBBLE_GUARDED) GTEST_SKIP() << "a build with sanitizers, which have checks of their own";
  int files = 0;
  for (const auto& entry : read_json(kBuild / "compile_commands.json")) {
    const auto command = entry.at("command").get<std::string>(), file = entry.at("file").get<std::string>();
    // Objects lie in folders named after their targets; those of tests are *_test, and the precompiled headers of tests.
    const auto output = command.find(" -o src/");
    if (output == std::string::npos) continue;
    if (const auto target = command.substr(output);
        target.find("_test.dir/") != std::string::npos || target.find("nibble_pch_test") != std::string::npos)
      continue;
    ++files;
    EXPECT_THAT(command, HasSubstr(" -fstack-protector-strong")) << file;
    if (command.find(" -DNDEBUG") != std::string::npos) {
      EXPECT_THAT(command, HasSubstr(" -D_FORTIFY_SOURCE=2")) << file;
    }
  }
  EXPECT_GT(files, 50);
}

TEST(Hardening, TheReaderOfElfFilesSeesAFaultyOne) {
  EXPECT_THROW(read_elf(fs::path(NIBBLE_SOURCE_DIR) / "LICENSE"), std::runtime_error);
  EXPECT_THROW(read_elf(fs::path(NIBBLE_SOURCE_DIR) / "no such file"), std::runtime_error);
}

}  // namespace
}  // namespace nibble::test

// SPDX-License-Identifier: Apache-2.0
// The files that are shipped are linked as cmake/harden.cmake says.
#include <gtest/gtest.h>

#include "hardening/elf_file.h"

namespace nibble::test {
namespace {
namespace fs = std::filesystem;

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

TEST(Hardening, TheReaderOfElfFilesSeesAFaultyOne) {
  EXPECT_THROW(read_elf(fs::path(NIBBLE_SOURCE_DIR) / "LICENSE"), std::runtime_error);
  EXPECT_THROW(read_elf(fs::path(NIBBLE_SOURCE_DIR) / "no such file"), std::runtime_error);
}

}  // namespace
}  // namespace nibble::test

// SPDX-License-Identifier: Apache-2.0
#include "base/known_files.h"

#include "base/files.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using KnownFiles = test::Scratch;

TEST_F(KnownFiles, ARenamedFileIsKnownAndAnOverwrittenOneIsNot) {
  const auto path = folder() / "a", moved = folder() / "b";
  EXPECT_FALSE(is_known_file(path));
  write_file(path, std::string_view("one"));
  EXPECT_FALSE(is_known_file(path));
  remember_known_file(path);
  EXPECT_TRUE(is_known_file(path));
  std::filesystem::rename(path, moved);
  EXPECT_TRUE(is_known_file(moved));
  EXPECT_FALSE(is_known_file(path));
  write_file(moved, std::string_view("four"));
  EXPECT_FALSE(is_known_file(moved));
}

TEST_F(KnownFiles, WhatIsNotThereIsNotRemembered) {
  remember_known_file("/nowhere/a");
  EXPECT_FALSE(is_known_file("/nowhere/a"));
}

TEST_F(KnownFiles, OneUseIsNotAnother) {
  const auto path = folder() / "a";
  write_file(path, std::string_view("one"));
  remember_known_use(path, "file off");
  EXPECT_TRUE(is_known_use(path, "file off"));
  EXPECT_FALSE(is_known_use(path, "file all"));
  EXPECT_FALSE(is_known_file(path));
  remember_known_file(path);
  EXPECT_TRUE(is_known_use(path, "file all"));
  write_file(path, std::string_view("four"));
  EXPECT_FALSE(is_known_use(path, "file off"));
}

}  // namespace
}  // namespace nibble

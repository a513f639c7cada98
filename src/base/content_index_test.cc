// SPDX-License-Identifier: Apache-2.0
#include "base/content_index.h"

#include <gtest/gtest.h>

#include "support/scratch.h"

namespace nibble {
namespace {

class ContentIndexTest : public test::Scratch {};

TEST_F(ContentIndexTest, TheBytesDecideAndNotTheName) {
  ContentIndex index({file("a/1.jpg", "first"), file("a/2.jpg", "other")});
  EXPECT_TRUE(index.contains(file("b/renamed.jpg", "first")));
  EXPECT_FALSE(index.contains(file("b/1.jpg", "fir5t"))) << "the same name and size, another picture";
  EXPECT_FALSE(index.contains(file("b/2.jpg", "another size")));
  EXPECT_TRUE(index.contains(folder() / "a/2.jpg")) << "itself";
}

TEST_F(ContentIndexTest, LinksAreTheirFiles) {
  ContentIndex index({file("a.jpg", "picture")});
  std::filesystem::create_symlink(folder() / "a.jpg", folder() / "link.jpg");
  EXPECT_TRUE(index.contains(folder() / "link.jpg"));
}

TEST_F(ContentIndexTest, WhatCannotBeReadEqualsNothing) {
  ContentIndex index({folder() / "missing.jpg", folder(), file("empty.jpg", "")});
  EXPECT_FALSE(index.contains(folder() / "missing.jpg"));
  EXPECT_FALSE(index.contains(folder()));
  EXPECT_TRUE(index.contains(file("also empty.jpg", "")));
}

}  // namespace
}  // namespace nibble

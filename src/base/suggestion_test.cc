// SPDX-License-Identifier: Apache-2.0
#include "base/suggestion.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

TEST(EditDistance, CountsEachSlipOnce) {
  EXPECT_EQ(edit_distance("eval", "eval"), 0U);
  EXPECT_EQ(edit_distance("", "eval"), 4U);
  EXPECT_EQ(edit_distance("evla", "eval"), 1U);
  EXPECT_EQ(edit_distance("quantise", "quantize"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Suggestion, NamesTheNearestWordAndNothingFar) {
  const std::vector<std::string> commands = {"run", "eval", "export", "quantize"};
  EXPECT_EQ(suggestion_for("evla", commands), "; did you mean 'eval'?");
  EXPECT_EQ(suggestion_for("quantise", commands), "; did you mean 'quantize'?");
  EXPECT_EQ(suggestion_for("frobnicate", commands), "");
  EXPECT_EQ(suggestion_for("", commands), "");
  EXPECT_EQ(suggestion_for(std::string(100'000, 'x'), commands), "");
}

}  // namespace
}  // namespace nibble

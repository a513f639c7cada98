// SPDX-License-Identifier: Apache-2.0
#include "base/suggestion.h"

#include <gtest/gtest.h>

#include "support/scratch.h"

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
  EXPECT_EQ(suggestion_for("quantizexx", commands), "; did you mean 'quantize'?") << "two letters more than a known word";
  EXPECT_EQ(suggestion_for("qunt", commands), "") << "four letters fewer";
  EXPECT_EQ(suggestion_for("frobnicate", commands), "");
  EXPECT_EQ(suggestion_for("", commands), "");
  EXPECT_EQ(suggestion_for(std::string(100'000, 'x'), commands), "");
}

class SuggestedPath : public test::Scratch {};

TEST_F(SuggestedPath, IsTheFileThatWasMeant) {
  for (const char* name : {"best.pt", "data.yaml", "val/labels.txt"}) file(name, "x");
  const auto meant = [&](const std::string& name) { return "; did you mean '" + (folder() / name).string() + "'?"; };
  EXPECT_EQ(suggestion_for_path(folder() / "best"), meant("best.pt"));  // without its extension
  EXPECT_EQ(suggestion_for_path(folder() / "bset.pt"), meant("best.pt"));
  EXPECT_EQ(suggestion_for_path(folder() / "data.yml"), meant("data.yaml"));
  EXPECT_EQ(suggestion_for_path(folder() / "val/label.txt"), meant("val/labels.txt"));
  EXPECT_EQ(suggestion_for_path(folder() / "other.onnx"), "");
  EXPECT_EQ(suggestion_for_path(folder() / "nowhere/best.pt"), "");
}

}  // namespace
}  // namespace nibble

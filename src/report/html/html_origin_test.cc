// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_origin.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

TEST(ShellText, QuotesWhatAShellWouldSplitOrExpand) {
  EXPECT_EQ(shell_text({"nibble", "run", "--recipes", "w4a16,w4a8"}), "nibble run --recipes w4a16,w4a8");
  EXPECT_EQ(shell_text({"nibble", "my model.pt", "", "it's", "$HOME", "~"}), "nibble 'my model.pt' '' 'it'\\''s' '$HOME' '~'");
}

TEST(RelativeLink, CannotLeadElsewhere) {
  EXPECT_EQ(relative_link("onnx/a-b_1.onnx"), "./onnx/a-b_1.onnx");
  EXPECT_EQ(relative_link("javascript:alert(1)"), "./javascript%3Aalert%281%29");
  EXPECT_EQ(relative_link("a b#c?d\"e"), "./a%20b%23c%3Fd%22e");
}

TEST(EmphasisParts, SplitsAtDoubleStars) {
  EXPECT_EQ(emphasis_parts("plain").dump(), R"([{"text":"plain","strong":false}])");
  EXPECT_EQ(emphasis_parts("**a** b").dump(), R"([{"text":"a","strong":true},{"text":" b","strong":false}])");
  EXPECT_EQ(emphasis_parts("").dump(), "[]");
}

}  // namespace
}  // namespace nibble

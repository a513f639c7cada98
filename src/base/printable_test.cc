// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace nibble {
namespace {

using namespace std::string_literals;

TEST(Printable, TerminalCodesBecomeVisible) {
  EXPECT_EQ(printable("\x1b[2Jname\x07"), "\\x1b[2Jname\\x07");
  EXPECT_EQ(printable("\r\b\x7f"), "\\x0d\\x08\\u007f");
  EXPECT_EQ(printable("a\0b"s), "a\\x00b");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u009b31m")
      << "a C1 code as UTF-8";
  EXPECT_EQ(printable("\x9b"
                      "31m"),
            "\\x9b31m")
      << "the same as a single byte";
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "gpj.exe"),
            "\\u202egpj.exe")
      << "right to left";
}

TEST(Printable, TextStaysAsItIs) {
  EXPECT_EQ(printable("two\nlines\tand a tab"), "two\nlines\tand a tab");
  EXPECT_EQ(printable("stra\xc3\x9f"
                      "e \xe8\xbb\x8a \xf0\x9f\x9a\x97"),
            "stra\xc3\x9f"
            "e \xe8\xbb\x8a \xf0\x9f\x9a\x97");
}

TEST(Printable, BytesThatAreNoUtf8) {
  EXPECT_EQ(printable("\xc3"), "\\xc3");
  EXPECT_EQ(printable("\xc0\x9b"), "\\xc0\\x9b") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "half of a surrogate";
  EXPECT_EQ(printable("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80") << "beyond the last";
}

TEST(Printable, OneLine) { EXPECT_EQ(printable_line("a\nb\r\nc\td\x1b"), "a b  c d\\x1b"); }

TEST(Printable, JsonStaysJson) {
  const Json value = {{"name", "\x1b[2J \xc2\x9b \xe2\x80\xae \x7f"}};
  EXPECT_EQ(Json::parse(printable(value.dump(2))), value);
}

}  // namespace
}  // namespace nibble

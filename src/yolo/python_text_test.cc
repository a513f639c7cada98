// SPDX-License-Identifier: Apache-2.0
// The expected texts are what CPython 3.11 prints for repr() and gives for ast.literal_eval().
#include "yolo/python_text.h"

#include <gtest/gtest.h>

namespace nibble {
namespace {

using namespace std::string_literals;

std::optional<std::string> read(const std::string& literal) {
  std::size_t at = 0;
  auto value = read_python_string(literal, at);
  return value && at == literal.size() ? value : std::nullopt;
}

struct Pair {
  std::string value, literal;
};

/// Both ways.
TEST(PythonText, PrintsAndReadsWhatReprPrints) {
  for (const auto& [value, literal] : std::vector<Pair>{{"a\nb", R"('a\nb')"},
                                                        {"a\tb\rc\\d", R"('a\tb\rc\\d')"},
                                                        {"it's", R"("it's")"},
                                                        {R"(say "it's")", R"('say "it\'s"')"},
                                                        {"\a\b\f\v\x1b\x7f", R"('\x07\x08\x0c\x0b\x1b\x7f')"},
                                                        {"a\0b"s, R"('a\x00b')"},
                                                        {"a\u00a0b", R"('a\xa0b')"},
                                                        {"soft\u00adhyphen", R"('soft\xadhyphen')"},
                                                        {"\u200b\ufeff", R"('\u200b\ufeff')"},
                                                        {"\u3000", R"('\u3000')"},
                                                        {"\U000e0041", R"('\U000e0041')"},
                                                        {"\ue000", R"('\ue000')"},
                                                        {"Stra\u00dfe \u4eba \U0001f600", "'Stra\u00dfe \u4eba \U0001f600'"},
                                                        {"", "''"}}) {
    EXPECT_EQ(python_repr(value), literal);
    EXPECT_EQ(read(literal), value) << literal;
  }
}

TEST(PythonText, ReadsEscapesThatReprDoesNotPrint) {
  EXPECT_EQ(read(R"("\a\b\f\v\'\"")"), "\a\b\f\v'\"");
  EXPECT_EQ(read(R"('\0\12\1018')"), "\0\nA8"s);
  EXPECT_EQ(read(R"('\777')"), "\u01ff");
  EXPECT_EQ(read(R"('\u00e9\U0001F600')"), "\u00e9\U0001f600");
  EXPECT_EQ(read(R"('\d \ ')"), R"(\d \ )");
  EXPECT_EQ(read("'a\\\nb'"), "ab");
}

/// UTF-8 has no surrogates; a pickle may hold one.
TEST(PythonText, SurrogatesDoNotMakeInvalidUtf8) {
  EXPECT_EQ(python_repr("\xED\xA0\x80"), R"('\ud800')");
  EXPECT_EQ(read(R"('\ud800')"), "\uFFFD");
}

TEST(PythonText, BytesThatAreNotUtf8AreKept) {
  for (const std::string bytes : {"\xFF", "a\xC3", "\xE2\x82", "\xC0\x80", "\xF4\x90\x80\x80"}) EXPECT_EQ(read(python_repr(bytes)), bytes);
}

TEST(PythonText, DamagedLiteralsAreNone) {
  for (const std::string text :
       {"", "a", "'a", "'a\"", R"('\')", R"('\x4')", R"('\x4g')", R"('\u12')", R"('\U00110000')", R"('\x-1')", R"('\N{BULLET}')", "'\\"})
    EXPECT_FALSE(read(text).has_value()) << text;
}

}  // namespace
}  // namespace nibble

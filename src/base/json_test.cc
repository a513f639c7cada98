// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>

#include "base/files.h"
#include "base/yaml_place.h"
#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

class JsonFiles : public testing::Test {
 protected:
  void SetUp() override {
    path_ = test::process_folder() / (std::string("nibble_json_") + testing::UnitTest::GetInstance()->current_test_info()->name());
  }
  void TearDown() override { fs::remove(path_); }
  Json yaml(const std::string& text) const {
    write_file(path_, text);
    return read_yaml(path_);
  }
  Json json(const std::string& text) const {
    write_file(path_, text);
    return read_json(path_);
  }
  template <class Read>
  std::string message_of(Read read) const {
    try {
      read();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.what();
    }
    return "no error";
  }
  fs::path path_;
};

TEST_F(JsonFiles, KeepsTheOrderOfKeysThroughAFile) {
  const Json value = {{"zebra", 1}, {"apple", {1, 2.5, nullptr, true, "x"}}};
  write_json(path_, value);
  EXPECT_EQ(read_json(path_), value);
  const auto text = read_file(path_);
  EXPECT_LT(text.find("zebra"), text.find("apple"));
  EXPECT_EQ(text.back(), '\n');
}

TEST_F(JsonFiles, MalformedJsonNamesFileAndByte) {
  const auto message = message_of([&] { json("{\"a\": 1,}"); });
  EXPECT_THAT(message, testing::HasSubstr(path_.string()));
  EXPECT_THAT(message, testing::HasSubstr("byte 9"));
  EXPECT_THAT(message_of([&] { json(""); }), testing::HasSubstr("not JSON"));
}

/// A copy of the value would take a level of the stack for each bracket.
TEST_F(JsonFiles, JsonOfAnyDepthIsRefusedAndNotFollowed) {
  const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  EXPECT_THAT(message_of([&] { json(nested(200'000)); }), testing::HasSubstr("more than 100 levels deep"));
  EXPECT_THAT(message_of([&] { json(nested(101)); }), testing::HasSubstr("more than 100 levels deep"));
  EXPECT_EQ(json(nested(100)).size(), 1);
  EXPECT_EQ(json(R"({"a": ")" + std::string(200, '[') + R"(\"["})").size(), 1) << "brackets in a string";
  EXPECT_EQ(json("[" + std::string(500, ' ') + "[],[],[]]").size(), 3);
}

TEST_F(JsonFiles, YamlScalarsHaveTheTypesOfTheCoreSchema) {
  const Json value = yaml(
      "none: ~\nempty:\nyes: yes\non: True\ninteger: -12\nplus: +3\noctal: 0o17\nhexadecimal: 0xfF\nreal: 1e-3\n"
      "point: .5\nquoted: '12'\nversion: 1.2.3\ninfinite: -.inf\nzero_led: 012\n"
      "beyond: 1e999\nbelow: -1e-999\nlong: 123456789012345678901\n");
  EXPECT_TRUE(value["none"].is_null());
  EXPECT_TRUE(value["empty"].is_null());
  EXPECT_EQ(value["yes"], "yes");
  EXPECT_EQ(value["on"], true);
  EXPECT_EQ(value["integer"], -12);
  EXPECT_EQ(value["plus"], 3);
  EXPECT_EQ(value["octal"], 15);
  EXPECT_EQ(value["hexadecimal"], 255);
  EXPECT_TRUE(value["real"].is_number_float());
  EXPECT_EQ(value["real"], 1e-3);
  EXPECT_EQ(value["point"], 0.5);
  EXPECT_EQ(value["quoted"], "12");
  EXPECT_EQ(value["version"], "1.2.3");
  EXPECT_TRUE(std::isinf(value["infinite"].get<double>()));
  EXPECT_EQ(value["zero_led"], 12);
  EXPECT_EQ(value["beyond"], "1e999");
  EXPECT_EQ(value["below"], "-1e-999");
  EXPECT_EQ(value["long"], 123456789012345678901.0);
}

TEST_F(JsonFiles, WhatIsAlmostANumberIsText) {
  for (const std::string text : {"+",    ".",    "+.",  "1e",  "1e+",   ".e1",       "1.5.",  "1.5e3.", "0o8", "0o", "0x",  "0xg",
                                 "-0x1", "-0o1", "--1", "+-1", "1_000", ".infinity", "-.nan", "1 2",    "0b1", "e5", "+.e1"})
    EXPECT_EQ(yaml("a: '" + text + "'\nb: " + text + "\n").at("b"), Json(text)) << text;
  const auto numbers = yaml("[+1, -1, 007, 0o17, 0xFf, .5, 5., -.5e1, +5.e-1, 1E+2, 99999999999999999999, -.Inf, +.INF]");
  EXPECT_EQ(numbers, Json({1, -1, 7, 15, 255, .5, 5., -5., .5, 100., 1e20, -INFINITY, INFINITY}));
}

/// A matcher that goes down the stack for each letter would end the process.
TEST_F(JsonFiles, AScalarOfAnyLengthIsRead) {
  for (const std::string start : {"", "-", "0x", "0o", "1.", "1e", "."}) {
    const auto text = start + std::string(300'000, '1');
    const auto read = yaml("a: " + text + "\n").at("a");
    EXPECT_TRUE(read.is_string() || read.is_number()) << start;
  }
}

TEST_F(JsonFiles, YamlNestsAndFollowsAliases) {
  const Json value = yaml("base: &b {bits: 4}\nlist:\n  - *b\n  - [1, two]\n");
  EXPECT_EQ(value["list"][0]["bits"], 4);
  EXPECT_EQ(value["list"][1][1], "two");
}

TEST_F(JsonFiles, MalformedYamlNamesFileAndLine) {
  const auto message = message_of([&] { yaml("a: 1\nb: [1, 2\nc: 3\n"); });
  EXPECT_THAT(message, testing::HasSubstr(path_.string()));
  EXPECT_THAT(message, testing::HasSubstr(path_.string() + ":3:2: not YAML: "));
  for (const auto* path : {"path: \"C:\\Users\\me\"\n", "path: \"D:\\data\"\n"})
    EXPECT_THAT(message_of([&] { yaml(path); }), testing::HasSubstr("begins an escape: write the path with / or in '...'")) << path;
  EXPECT_EQ(yaml("path: 'C:\\Users\\me'\n")["path"], "C:\\Users\\me");
  EXPECT_THAT(message, testing::Not(testing::HasSubstr("escape")));
  EXPECT_THAT(message_of([&] { yaml("a: 1\na: 2\n"); }), testing::HasSubstr(path_.string() + ":2:1: key 'a' stands twice"));
  EXPECT_THAT(message_of([&] { yaml("a:\n  - {[b]: 2}\n"); }), testing::HasSubstr(path_.string() + ":2:6: a key must be a scalar"));
}

TEST_F(JsonFiles, ASettingIsFoundByItsPath) {
  yaml("name: x\nweights: {bits: 9, a.b: 1}\nrules:\n  - {match: '*'}\n  - match: b\n    math: c\nnames:\n  0: a\n  1:\n");
  const auto file = path_.string();
  EXPECT_EQ(yaml_place(path_, "name"), file + ":1:1");
  EXPECT_EQ(yaml_place(path_, "weights"), file + ":2:1");
  EXPECT_EQ(yaml_place(path_, "weights.bits"), file + ":2:11");
  EXPECT_EQ(yaml_place(path_, "weights.a.b"), file + ":2:20") << "a key with a dot in it";
  EXPECT_EQ(yaml_place(path_, "rules[0]"), file + ":4:5");
  EXPECT_EQ(yaml_place(path_, "rules[1].math"), file + ":6:5");
  EXPECT_EQ(yaml_place(path_, "names.1"), file + ":9:3");
  for (const auto* nowhere : {"", "other", "weights.bit", "nam", "names.12", "rules[2]", "name.x"})
    EXPECT_EQ(yaml_place(path_, nowhere), file) << nowhere;
  yaml("names: [a, [b]]\n");
  EXPECT_EQ(yaml_place(path_, "names.1"), file + ":1:12");
  write_file(path_, "a: [");
  EXPECT_EQ(yaml_place(path_, "a"), file);
  EXPECT_EQ(yaml_place("nowhere.yaml", "a"), "nowhere.yaml");
}

TEST_F(JsonFiles, YamlThatMultipliesItselfIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 9; ++level) {
    text += fmt::format("a{0}: &a{0} [", level);
    for (int i = 0; i < 10; ++i) text += fmt::format("{}*a{}", i == 0 ? "" : ", ", level - 1);
    text += "]\n";
  }
  EXPECT_THAT(message_of([&] { yaml(text); }), testing::HasSubstr("too deep or too large"));
}

TEST_F(JsonFiles, InvalidTextIsReplacedNotThrown) {
  write_json(path_, Json("a\xff"));
  EXPECT_NO_THROW(read_json(path_));
}

TEST_F(JsonFiles, ASecondYamlDocumentIsRefused) {
  EXPECT_THAT(message_of([&] { yaml("names: [a]\n---\nnames: [b]\n"); }), testing::HasSubstr(":2:1: a second document"));
  EXPECT_THAT(message_of([&] { yaml("names: [a]\n---\n"); }), testing::HasSubstr("a second document"));
  EXPECT_EQ(yaml("---\nnames: [a]\n...\n"), Json({{"names", {"a"}}})) << "one, with its marks";
  EXPECT_TRUE(yaml("").is_null());
}

/// yaml-cpp's LoadAll takes such a text for documents without end, until memory is.
TEST_F(JsonFiles, YamlThatGoesOnBehindItsDocumentEnds) {
  for (const std::string text : {",", ",: \x88", "}", "]", "a: 1\n,", "- a\n]\n", ", at: 1}\n  - {metric: bytes, , at: 2}\n"}) {
    const auto message = message_of([&] { yaml(text); });
    EXPECT_THAT(message, testing::HasSubstr("malformed file")) << text;
  }
}

/// Looking through all keys for each one would take minutes.
TEST_F(JsonFiles, AHundredThousandKeysAreReadInSeconds) {
  constexpr int kKeys = 100'000;
  std::string text;
  for (int i = 0; i < kKeys; ++i) text += fmt::format("{}: class {}\n", i, i);
  const auto begin = std::clock();  // of the processor: others may be at work on it
  const auto read = yaml(text);
  EXPECT_LT(std::clock() - begin, 30 * CLOCKS_PER_SEC);
  EXPECT_EQ(read.size(), static_cast<std::size_t>(kKeys));
  EXPECT_EQ(read.rbegin().value(), "class 99999");
}

}  // namespace
}  // namespace nibble

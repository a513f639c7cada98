// SPDX-License-Identifier: Apache-2.0
#include "yolo/model_metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nibble {
namespace {

using Names = std::map<std::int64_t, std::string>;

TEST(PythonDict, PrintsAsReprDoes) {
  EXPECT_EQ(python_dict({{0, "person"}, {1, "traffic light"}}), "{0: 'person', 1: 'traffic light'}");
  EXPECT_EQ(python_dict({{0, "rock 'n' roll"}}), R"({0: "rock 'n' roll"})");
  EXPECT_EQ(python_dict({{0, R"(both ' and ")"}}), R"({0: 'both \' and "'})");
  EXPECT_EQ(python_dict({}), "{}");
}

TEST(PythonDict, ReadsBackWhatItPrints) {
  const Names names = {{0, "person"}, {1, "it's"}, {2, R"(a "b" 'c' \d)"}, {79, "tooth: brush, {x}"}};
  EXPECT_EQ(parse_python_dict(python_dict(names)), names);
  const Names odd = {{0, "a\nb"}, {1, "no\u00a0break"}, {2, "tab\t"}, {3, "\u200b"}};
  EXPECT_EQ(python_dict(odd), R"({0: 'a\nb', 1: 'no\xa0break', 2: 'tab\t', 3: '\u200b'})");
  EXPECT_EQ(parse_python_dict(python_dict(odd)), odd);
  EXPECT_EQ(parse_python_dict("{ 0 : \"a\" ,1:'b' }"), (Names{{0, "a"}, {1, "b"}}));
}

TEST(PythonDict, AnythingElseIsNoDict) {
  for (const std::string text : {"", "{", "{0}", "{0: person}", "{0: 'a' 1: 'b'}", "['a']", "{0: 'a'} x", "{0: 'a", "{'a': 0}"})
    EXPECT_FALSE(parse_python_dict(text).has_value()) << text;
}

TEST(Strides, ComeFromTheMetadataOrAreTheUsualOnes) {
  EXPECT_EQ(strides_of({{"nibble.strides", "4 8 16 32"}}), (std::vector<std::int64_t>{4, 8, 16, 32}));
  EXPECT_EQ(strides_of({}), (std::vector<std::int64_t>{8, 16, 32}));
}

TEST(BaselineMetadata, HasWhatUltralyticsReads) {
  ModelInfo info;
  info.scale = "n";
  info.class_names = {{0, "person"}};
  info.strides = {8, 16, 32};
  info.source_file = "x.pt";
  const auto metadata = baseline_metadata(info, "float32");
  EXPECT_EQ(metadata.at("stride"), "32");
  EXPECT_EQ(metadata.at("imgsz"), "[640, 640]");
  EXPECT_EQ(metadata.at("task"), "detect");
  EXPECT_EQ(metadata.at("batch"), "1");
  EXPECT_EQ(metadata.at("names"), "{0: 'person'}");
  EXPECT_EQ(metadata.at("end2end"), "False");
  EXPECT_EQ(strides_of(metadata), info.strides);
  info.head = Head::one2one;
  EXPECT_EQ(baseline_metadata(info, "float32").at("end2end"), "True");
  EXPECT_THAT(baseline_metadata(info, "float32").at("nibble.output0"), testing::HasSubstr("no NMS"));
}

}  // namespace
}  // namespace nibble

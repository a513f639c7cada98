// SPDX-License-Identifier: Apache-2.0
#include "base/placed_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

PlacedJson document(const char* text) { return {Json::parse(text), "run.json", "remove it"}; }

struct Row {
  std::string name;
  double share;
  std::int64_t count;
};

TEST(PlacedJson, ReadsLikeJson) {
  const auto json = document(R"({"rows": [{"name": "a", "share": 1, "count": 3}], "none": null, "texts": ["x", "y"], "yes": true})");
  const auto row = json.at("rows").at(0);
  const Row read{row.at("name"), row.at("share"), row.at("count")};
  EXPECT_EQ(read.name, "a");
  EXPECT_EQ(read.share, 1.0);
  EXPECT_EQ(read.count, 3);
  std::string name;
  name = row.at("name");
  EXPECT_EQ(name, "a");
  EXPECT_TRUE(json.at("none").is_null());
  EXPECT_TRUE(json.at("yes").get<bool>());
  EXPECT_FALSE(json.contains("rowz"));
  EXPECT_FALSE(row.at("name").contains("x")) << "a text has no keys";
  EXPECT_EQ(row.value("note", "-"), "-");
  EXPECT_EQ(row.value("count", 7), 3);
  EXPECT_THAT(json.at("texts").texts(), testing::ElementsAre("x", "y"));
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.members()) keys.push_back(key);
  EXPECT_THAT(keys, testing::ElementsAre("rows", "none", "texts", "yes"));
  EXPECT_EQ(PlacedJson(Json(5)).get<int>(), 5);
}

TEST(PlacedJson, AValueOutlivesTheDocumentThatItWasTakenFrom) {
  auto whole = std::make_unique<PlacedJson>(document(R"({"rows": [{"name": "a"}]})"));
  const auto row = whole->at("rows").at(0);
  whole.reset();
  EXPECT_EQ(row.at("name").get<std::string>(), "a");
}

TEST(PlacedJson, ErrorsNameFileAndPlace) {
  const auto json = document(R"({"rows": [{"name": 5, "share": "many", "count": 1.5, "far": 3000000000, "below": -1, "deep": [[1]]}]})");
  const auto row = json.at("rows").at(0);
  const auto expect = [](const std::string& line, auto read) {
    expect_error(ErrorKind::input, {"malformed file: run.json: " + line}, read);
  };
  expect("has no 'twins'; remove it", [&] { json.at("twins"); });
  expect("rows[0]: has no 'score'; remove it", [&] { row.at("score"); });
  expect("rows[0].name: expected a text, found 5; remove it", [&] { row.at("name").get<std::string>(); });
  expect("rows[0].share: expected a number, found \"many\"", [&] { row.at("share").get<double>(); });
  expect("rows[0].count: expected a whole number, found 1.5", [&] { row.at("count").get<int>(); });
  expect("rows[0].far: expected a whole number nearer to 0, found 3000000000", [&] { row.at("far").get<std::int32_t>(); });
  expect("rows[0].below: expected a whole number from 0 on, found -1", [&] { row.at("below").get<std::uint64_t>(); });
  expect("rows[0].deep: expected true or false, found a list", [&] { row.at("deep").get<bool>(); });
  expect("rows[0].deep[0][0]: expected an object, found 1", [&] { row.at("deep").at(0).at(0).at("key"); });
  expect("rows: has 1 entries, expected 2 or more", [&] { json.at("rows").at(1); });
  expect("rows[0].name: expected a list, found 5", [&] { row.at("name").list(); });
  expect("rows[0].deep[0]: expected a text, found a list", [&] { row.at("deep").texts(); });
  expect("rows: expected an object, found a list", [&] { json.at("rows").members(); });
  expect_error(ErrorKind::input, {"malformed file: expected a text, found null"}, [] { PlacedJson(Json()).get<std::string>(); });
}

}  // namespace
}  // namespace nibble

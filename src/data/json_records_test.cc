// SPDX-License-Identifier: Apache-2.0
#include "data/json_records.h"

#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

/// Reads [{"n": ..., "s": ..., "v": ...}] with `take`.
void parse_array(const std::string& json, const std::function<void(const JsonRecord&)>& take) {
  parse_records(json, "file.json", {{"", {"n", "s", "v"}, take}});
}
void ignore(const JsonRecord&) {}

TEST(JsonRecords, ReadsTheWantedFieldsOfEachRecord) {
  std::vector<std::string> rows;
  parse_array(R"([{"n":1,"s":"a","v":[1,2.5],"x":{"n":9,"v":[3]}}, {"v":[0,1],"n":2.0,"s":"b"}])", [&](const JsonRecord& r) {
    rows.push_back(r.place() + std::to_string(r.integer("n")) + r.text("s") + std::to_string(static_cast<int>(r.numbers("v", 2)[1])));
  });
  EXPECT_THAT(rows, testing::ElementsAre("[0]1a2", "[1]2b1"));
}

TEST(JsonRecords, ForgetsTheFieldsOfTheRecordBefore) {
  std::vector<bool> has;
  parse_array(R"([{"n":1},{"s":"a"}])", [&](const JsonRecord& r) { has.push_back(r.has("n")); });
  EXPECT_THAT(has, testing::ElementsAre(true, false));
}

TEST(JsonRecords, TakesTheLastOfARepeatedKeyAsPythonDoes) {
  parse_array(R"([{"v":[7],"v":[1,2],"n":1,"n":5}])", [&](const JsonRecord& r) {
    EXPECT_EQ(r.integer("n"), 5);
    EXPECT_THAT(r.numbers("v", 2), testing::ElementsAre(1, 2));
  });
}

TEST(JsonRecords, ReadsSectionsOfAnObjectInAnyOrderAndSkipsOthers) {
  std::string seen;
  const auto add = [&](const JsonRecord& r) { seen += r.place() + std::to_string(r.integer("id")) + " "; };
  parse_records(R"({"info":{"b":[{"id":7}]},"b":[{"id":1}],"junk":[[{"id":3}]],"a":[{"id":2},{"id":4,"k":[[1]]}]})", "f",
                {{"a", {"id"}, add}, {"b", {"id"}, add}});
  EXPECT_EQ(seen, "b[0]1 a[0]2 a[1]4 ");
}

TEST(JsonRecords, NamesFilePlaceExpectedAndFound) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {R"([{"n":"x"}])", {"file.json", "[0].n", "expected an integer, found text"}},
      {R"([{"n":1},{"n":1.5}])", {"[1].n", "an integer", "a number"}},
      {R"([{"n":1e300}])", {"[0].n", "an integer"}},
      {R"([{"n":null}])", {"found null"}},
      {R"([{"s":"a"}])", {"[0].n", "missing"}},
      {R"([{"n":{"a":1}}])", {"found an object"}},
      {R"([{"n":[1]}])", {"found an array of numbers"}},
  };
  for (const auto& [json, parts] : cases)
    expect_error(ErrorKind::input, parts, [&json = json] { parse_array(json, [](const JsonRecord& r) { r.integer("n"); }); });
}

TEST(JsonRecords, NumbersMustBeNumbersInTheRightCount) {
  for (const std::string json : {R"([{"v":[1]}])", R"([{"v":[1,"2"]}])", R"([{"v":[1,[2]]}])", R"([{"v":[1,null]}])", R"([{"v":3}])"})
    expect_error(ErrorKind::input, {"file.json", "[0].v"}, [&] { parse_array(json, [](const JsonRecord& r) { r.numbers("v", 2); }); });
}

TEST(JsonRecords, RefusesMalformedJsonWithTheByte) {
  expect_error(ErrorKind::input, {"file.json", "byte 9"}, [] { parse_array(R"([{"n":1,])", ignore); });
  for (const std::string json : {"", "[", "[{", R"([{"n":NaN}])", R"([{"n":1e999}])", "[{}] x", "\xff",
                                 R"([{"s":")"
                                 "\xff"
                                 R"("}])"})
    expect_error(ErrorKind::input, {"file.json", "byte"}, [&] { parse_array(json, ignore); });
}

TEST(JsonRecords, RefusesAnotherLayout) {
  for (const std::string json : {"{}", "3", "null", R"({"n":[{"n":1}]})", "[1]", "[[]]", "[null]", R"([{"n":1},"x"])"})
    expect_error(ErrorKind::input, {"file.json", "expected"}, [&] { parse_array(json, ignore); });
  for (const std::string json : {"[]", "{}", "1", R"({"a":{}})", R"({"a":3})", R"({"a":[[]]})", R"({"a":[1]})", R"({"a":[],"a":[]})"})
    expect_error(ErrorKind::input, {"f.json"}, [&] { parse_records(json, "f.json", {{"a", {"id"}, ignore}}); });
}

TEST(JsonRecords, SurvivesDeepNesting) {
  const std::string deep(200000, '[');
  expect_error(ErrorKind::input, {"file.json"}, [&] { parse_array(R"([{"n":)" + deep, ignore); });
}

TEST(JsonRecords, FieldNotAskedForIsADefect) {
  expect_error(ErrorKind::internal, {"other"}, [] { parse_array("[{}]", [](const JsonRecord& r) { r.integer("other"); }); });
}

}  // namespace
}  // namespace nibble

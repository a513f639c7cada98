// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include "base/files.h"
#include "eval/detection.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;

class DetectionsFile : public test::Scratch {
 protected:
  std::vector<Detection> read(const std::string& json) const { return read_detections(file("detections.json", json)); }
};

TEST_F(DetectionsFile, ReadsWhatItWroteBitForBit) {
  const std::vector<Detection> written = {{139, 72, 0.1F, {1.0 / 3, -2, 1e-7, 640}}, {9007199254740993, 1, 1, {0, 0, 0, 0}}};
  write_detections(folder() / "out/d.json", written);
  const auto read_back = read_detections(folder() / "out/d.json");
  ASSERT_EQ(read_back.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read_back[i].image_id, written[i].image_id);
    EXPECT_EQ(read_back[i].category_id, written[i].category_id);
    EXPECT_EQ(read_back[i].score, written[i].score);
    EXPECT_EQ(read_back[i].box_xywh_px, written[i].box_xywh_px);
  }
}

TEST_F(DetectionsFile, AnEmptyFileIsAnEmptyArray) {
  write_detections(folder() / "d.json", {});
  EXPECT_EQ(read_file(folder() / "d.json"), "[]\n");
  EXPECT_TRUE(read_detections(folder() / "d.json").empty());
}

TEST_F(DetectionsFile, PassesOverOtherKeys) {
  const auto found = read(R"([{"score":0.5,"segmentation":[[1,2],[3]],"bbox":[1,2,3,4],"category_id":3,"id":9,"image_id":2,"area":12}])");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].category_id, 3);
  EXPECT_THAT(found[0].box_xywh_px, testing::ElementsAre(1, 2, 3, 4));
}

TEST_F(DetectionsFile, NamesFileAndEntryOfWhatIsWrong) {
  const std::string good = R"({"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":0.5},)";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"category_id":1,"bbox":[0,0,1,1],"score":0.5})", "[1].image_id"},
      {R"({"image_id":1,"category_id":1,"bbox":[0,0,1,1]})", "[1].score"},
      {R"({"image_id":1,"category_id":1,"bbox":[0,0,1],"score":0.5})", "[1].bbox"},
      {R"({"image_id":1,"category_id":1,"bbox":[0,0,-1,1],"score":0.5})", "negative size -1 x 1"},
      {R"({"image_id":1,"category_id":"1","bbox":[0,0,1,1],"score":0.5})", "[1].category_id"},
      {R"({"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":null})", "[1].score"},
      {R"({"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":NaN})", "byte"},
      {R"([1])", "[1]"}};
  for (const auto& [entry, part] : cases)
    expect_error(ErrorKind::input, {"detections.json", part}, [&, text = entry] { read("[" + good + text + "]"); });
  expect_error(ErrorKind::input, {"detections.json", "object"}, [&] { read("{}"); });
}

TEST_F(DetectionsFile, EveryCutOfAFileIsRefused) {
  const std::string whole = R"([{"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":0.5}])";
  ASSERT_EQ(read(whole).size(), 1U);
  for (std::size_t size = 0; size < whole.size(); ++size)
    expect_error(ErrorKind::input, {"detections.json"}, [&] { read(whole.substr(0, size)); });
}

TEST_F(DetectionsFile, RefusesToWriteWhatJsonCannotHold) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_error(ErrorKind::numeric, {"image 4"}, [&] { write_detections(folder() / "d.json", {{4, 1, nan, {}}}); });
  EXPECT_FALSE(std::filesystem::exists(folder() / "d.json"));
}

}  // namespace
}  // namespace nibble

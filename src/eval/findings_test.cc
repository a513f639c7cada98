// SPDX-License-Identifier: Apache-2.0
#include "eval/findings.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/files.h"
#include "base/json.h"
#include "eval/task_numbers.h"
#include "support/scratch.h"

namespace nibble {
namespace {

class FindingsFiles : public test::Scratch {
 protected:
  FindingsFile read(const std::string& text, Task task) { return read_findings(file("f.json", text), task); }
  FindingsFile again(const Findings& findings, Task task, const std::map<std::int64_t, std::string>& names = {}) {
    write_findings(folder() / "w.json", findings, task, names);
    return read_findings(folder() / "w.json", task);
  }
};

const std::vector<Detection> kTwo = {{1, 3, 0.1 + 0.2, {1.5, 2, 3, 4}}, {2, 4, 1e-7, {0, 0, 0, 0}}};

TEST_F(FindingsFiles, KeepMasks) {
  const Findings written{kTwo, {{4, 3, {5, 2, 5}}, {2, 2, {0, 4}}}, {}, {}};
  const auto found = again(written, Task::segment).findings;
  ASSERT_EQ(found.masks.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found.masks[i].counts, written.masks[i].counts);
    EXPECT_EQ(found.masks[i].height_px, written.masks[i].height_px);
    EXPECT_EQ(found.boxes[i].score, kTwo[i].score);
    EXPECT_EQ(found.boxes[i].box_xywh_px, kTwo[i].box_xywh_px);
  }
  EXPECT_EQ(read_json(folder() / "w.json")[0]["segmentation"]["size"], (Json{4, 3}));
  EXPECT_EQ(again(written, Task::detect).findings.masks.size(), 0U) << "boxes are beside";
}

/// Long runs take several characters, '\\' among them, and differences of both signs.
TEST_F(FindingsFiles, KeepLongRuns) {
  const std::vector<std::uint32_t> counts{100000, 44, 7, 92, 99999, 1, 300000, 1449857};
  std::int64_t sum = 0;
  for (const auto count : counts) sum += count;
  const Findings written{{kTwo[0]}, {{sum / 1000, 1000, counts}}, {}, {}};
  EXPECT_EQ(again(written, Task::segment).findings.masks.at(0).counts, counts);
}

TEST_F(FindingsFiles, KeepKeypointsAndOrientedBoxes) {
  const Findings poses{kTwo, {}, {{{1, 2, 0.5}, {3.25, 4, 1}}, {{5, 6, 0}, {7, 8, 1}}}, {}};
  const auto keypoints = again(poses, Task::pose).findings.keypoints;
  ASSERT_EQ(keypoints.size(), 2U);
  EXPECT_EQ(keypoints[0][1].x_px, 3.25);
  EXPECT_EQ(keypoints[1][1].visibility, 1);
  const OrientedBox box{50.1F, 60, 30, 10, 0.3F};
  const Findings turned{{kTwo[0]}, {}, {}, {box}};
  const auto found = again(turned, Task::obb).findings;
  EXPECT_EQ(found.oriented.at(0).x, box.x);
  EXPECT_EQ(found.oriented.at(0).angle, box.angle);
  EXPECT_EQ(found.boxes.at(0).box_xywh_px, upright_box(box)) << "made from the turned one";
  const auto row = read_json(folder() / "w.json")[0];
  EXPECT_EQ(row["poly"].size(), 8U);
  EXPECT_NEAR(row["poly"][0].get<double>(), corners_of(box)[0][0], 1e-12);
}

/// Without boxes, with the names of images for ids.
TEST_F(FindingsFiles, KeepClassesByName) {
  const auto found = again({kTwo, {}, {}, {}}, Task::classify, {{1, "cat/\u00e4 \"1\".jpg"}});
  EXPECT_EQ(found.image_names, std::vector<std::string>{"cat/\u00e4 \"1\".jpg"});
  EXPECT_EQ(found.findings.boxes.at(0).image_id, -1);
  EXPECT_EQ(found.findings.boxes.at(1).image_id, 2);
  EXPECT_FALSE(read_json(folder() / "w.json")[0].contains("bbox"));
}

TEST_F(FindingsFiles, NameEntryAndFieldOfWhatIsWrong) {
  const auto refuse = [&](Task task, const std::string& field, const std::string& why) {
    test::expect_error(ErrorKind::input, {"f.json", "[0]", why},
                       [&] { read(R"([{"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":0.5)" + field + "}]", task); });
  };
  refuse(Task::segment, "", "segmentation");
  refuse(Task::segment, R"(,"segmentation":[[0,0,1,1,1,0]])", "segmentation");
  refuse(Task::segment, R"(,"segmentation":{"size":[2,2],"counts":"1"})", "runs of 1 pixels for an image of 2 x 2");
  refuse(Task::segment, R"(,"segmentation":{"size":[2,2],"counts":"o"})", "end within a number");
  refuse(Task::segment, R"(,"segmentation":{"size":[9e9,2],"counts":[4]})", "expected height and width");
  refuse(Task::segment, R"(,"segmentation":{"size":[2,2],"counts":[-4]})", "has the length -4");
  refuse(Task::pose, "", "keypoints");
  refuse(Task::pose, R"(,"keypoints":[1,2])", "found 2 numbers");
  refuse(Task::pose, R"(,"keypoints":[])", "found 0 numbers");
  refuse(Task::pose, R"(,"keypoints":[1,"2",3])", "keypoints");
  refuse(Task::obb, "", "rbox");
  refuse(Task::obb, R"(,"rbox":[0,0,1,1])", "expected 5 numbers, found 4");
  refuse(Task::obb, R"(,"rbox":[0,0,1e30,1,0])", "is no place in an image");
  test::expect_error(ErrorKind::input, {"[1].keypoints", "2 keypoints, the first entry has 1"}, [&] {
    read(R"([{"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":0.5,"keypoints":[1,2,3]},
             {"image_id":1,"category_id":1,"bbox":[0,0,1,1],"score":0.5,"keypoints":[1,2,3,4,5,6]}])",
         Task::pose);
  });
}

TEST_F(FindingsFiles, RefuseToWriteWhatJsonCannotHold) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const auto& [task, findings] : {std::pair{Task::obb, Findings{{kTwo[0]}, {}, {}, {{nan, 0, 1, 1, 0}}}},
                                       std::pair{Task::pose, Findings{{kTwo[0]}, {}, {{{1, nan, 1}}}, {}}}})
    test::expect_error(ErrorKind::numeric, {"image 1, category 3"},
                       [&, f = findings, t = task] { write_findings(folder() / "n.json", f, t); });
  EXPECT_FALSE(std::filesystem::exists(folder() / "n.json"));
}

/// The whole way: what a data set says, held against what was found, for a task with numbers of its own beside boxes.
TEST(EvaluateTask, GivesMasksAndBoxes) {
  CocoDataset set;
  set.images = {{1, "1.jpg", 3, 4}, {2, "2.jpg", 3, 4}};
  set.categories = {{5, "cat"}};
  set.annotations = {{1, 1, 5, {0, 0, 2, 2}, 4, false, false, 1}, {2, 2, 5, {0, 0, 2, 2}, 4, false, false, 0}};
  const RunLengths left{4, 3, {0, 4, 8}}, right{4, 3, {8, 4}};
  const TaskTruth truth{Task::segment, {right, left}, {}, {}};
  const Findings found{{{1, 5, 0.9, {0, 0, 2, 2}}, {2, 5, 0.8, {0, 0, 2, 2}}}, {left, left}, {}, {}};
  auto numbers = evaluate_task(set, truth, found, {.resamples = 50});
  EXPECT_NEAR(numbers.boxes->metrics.map_50_95, 1, 1e-9);
  EXPECT_LT(main_number(numbers), 0.6) << "one mask of two lies elsewhere";
  EXPECT_GT(main_number(numbers), 0.4);
  const Findings exact{found.boxes, {left, right}, {}, {}};
  measure_changes(numbers, evaluate_task(set, truth, exact, {.resamples = 50}));
  const auto json = to_json(numbers);
  EXPECT_LT(json["masks"]["change"], 0.51);
  EXPECT_TRUE(json["masks"].contains("mAP_50_95_interval"));
  EXPECT_EQ(json["metrics"]["change"], 0);
}

}  // namespace
}  // namespace nibble

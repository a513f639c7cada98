// SPDX-License-Identifier: Apache-2.0
#include "data/training_set.h"

#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using testing::ElementsAre;

class TrainingSetFiles : public test::Scratch {};

TEST_F(TrainingSetFiles, FromCoco) {
  const auto json = file("a.json", R"({"images":[{"id":7,"file_name":"b.jpg","width":100,"height":50},{"id":2,"file_name":"a.jpg"}],
    "annotations":[{"id":1,"image_id":7,"category_id":90,"bbox":[10,20,30,5],"area":9},
                   {"id":2,"image_id":7,"category_id":90,"bbox":[10,20,30,5],"area":9},
                   {"id":3,"image_id":7,"category_id":4,"bbox":[0,0,1,1],"area":1,"iscrowd":1},
                   {"id":4,"image_id":7,"category_id":4,"bbox":[0,0,0,1],"area":0},
                   {"id":5,"image_id":7,"category_id":4,"bbox":[1,2,3,4],"area":12}],
    "categories":[{"id":90,"name":"z"},{"id":4,"name":"y"}]})");
  const TrainingSet set = training_set_of(read_coco(json), "pictures");
  EXPECT_THAT(set.class_names, ElementsAre("y", "z"));
  ASSERT_EQ(set.images.size(), 2U);
  EXPECT_EQ(set.images[0].file, fs::path("pictures/a.jpg"));
  EXPECT_TRUE(set.images[0].boxes.empty());
  EXPECT_EQ(set.images[0].size.width, 0);
  EXPECT_EQ(set.images[1].size.width, 100);
  EXPECT_THAT(set.images[1].boxes, ElementsAre(LabelledBox{1, {10, 20, 40, 25}}, LabelledBox{0, {1, 2, 4, 6}}))
      << "the repeated box once; no crowd, nothing without area";
}

TEST_F(TrainingSetFiles, FromADataYaml) {
  fs::create_directories(folder() / "images");
  fs::copy_file(fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/letterbox/wide.png", folder() / "images/5.png");
  file("labels/5.txt", "1 0.5 0.5 0.2 0.4\n");
  const auto dataset = read_yolo(file("data.yaml", "train: images\nnames: [cat, dog]\n"), "train");
  const TrainingSet set = training_set_of(dataset, dataset.source.parent_path());
  ASSERT_EQ(set.images.size(), 1U);
  EXPECT_EQ(set.images[0].file, folder() / "images/5.png");
  EXPECT_EQ(set.images[0].boxes.at(0).label, 1);
  EXPECT_NEAR(set.images[0].boxes[0].corners_px[2], 54, 1e-9);
}

TEST_F(TrainingSetFiles, Unlabelled) {
  const TrainingSet set = unlabelled_set({"a.jpg", "b.jpg"});
  EXPECT_EQ(set.images.at(1).file, fs::path("b.jpg"));
  EXPECT_TRUE(set.images[1].boxes.empty());
  expect_error(ErrorKind::input, {"training data", "no image"}, [] { unlabelled_set({}); });
}

}  // namespace
}  // namespace nibble

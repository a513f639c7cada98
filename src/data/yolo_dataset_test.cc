// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using testing::ElementsAre;

class YoloDataset : public test::Scratch {
 protected:
  /// A 90 x 37 picture.
  void image(const std::string& name) const {
    fs::create_directories((folder() / name).parent_path());
    fs::copy_file(fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/letterbox/wide.png", folder() / name);
  }
  CocoDataset read_with(const std::string& labels) const {
    if (!fs::exists(folder() / "images/7.png")) image("images/7.png");
    file("labels/7.txt", labels);
    return read_yolo(file("data.yaml", "val: images\nnames: [cat, dog]\n"), "val");
  }
};

TEST_F(YoloDataset, ReadsImagesLabelsAndNames) {
  image("set/images/val/12.png");
  image("set/images/val/5.png");
  file("set/labels/val/12.txt", "1 0.5 0.5 0.2 0.4\n0 0.25 0.5 0.5 1.0\n1 0.5 0.5 0.2 0.4\n");
  const auto dataset =
      read_dataset(file("data.yaml", "path: set\ntrain: images/train\nval: images/val\nnames:\n  0: cat\n  1: dog\n"), "val");
  ASSERT_EQ(dataset.images.size(), 2U);
  EXPECT_EQ(dataset.images[0].id, 5);
  EXPECT_EQ(dataset.images[1].id, 12);
  EXPECT_EQ(dataset.images[1].width_px, 90);
  EXPECT_EQ(dataset.images[1].height_px, 37);
  EXPECT_EQ(fs::path(dataset.images[1].file_name), folder() / "set/images/val/12.png");
  EXPECT_EQ(dataset.categories[1].name, "dog");
  ASSERT_EQ(dataset.annotations.size(), 2U) << "the repeated line counts once, image 5 is background";
  EXPECT_EQ(dataset.annotations[0].image_id, 12);
  EXPECT_EQ(dataset.annotations[0].category_id, 1);
  const auto& box = dataset.annotations[0].box_xywh_px;
  EXPECT_NEAR(box[0], 36, 1e-9);
  EXPECT_NEAR(box[1], 11.1, 1e-9);
  EXPECT_NEAR(box[2], 18, 1e-9);
  EXPECT_NEAR(box[3], 14.8, 1e-9);
  EXPECT_NEAR(dataset.annotations[0].area_px2, 18 * 14.8, 1e-9);
  EXPECT_EQ(dataset.annotations[1].id, 2);
}

TEST_F(YoloDataset, AnOutlineGivesItsBoundingBox) {
  const auto box = read_with("0 0.1 0.2 0.5 0.3 0.4 0.8\n").annotations.at(0).box_xywh_px;
  EXPECT_NEAR(box[0], 9, 1e-9);
  EXPECT_NEAR(box[1], 7.4, 1e-9);
  EXPECT_NEAR(box[2], 36, 1e-9);
  EXPECT_NEAR(box[3], 22.2, 1e-9);
}

TEST_F(YoloDataset, NumbersImagesWhoseNamesAreNoNumbers) {
  image("images/b.png");
  image("images/3.png");
  const auto list = file("val.txt", "images/b.png\nimages/3.png\n");
  const auto dataset = read_yolo(file("data.yaml", "path: .\nval: [val.txt]\nnames: [x]\n"), "val");
  ASSERT_EQ(dataset.images.size(), 2U);
  EXPECT_EQ(dataset.images[0].id, 1);
  EXPECT_EQ(fs::path(dataset.images[0].file_name).filename(), "3.png");
}

TEST_F(YoloDataset, AnImageOfSeveralSpellingsIsOne) {
  image("images/val/1.png");
  image("images/val/2.png");
  fs::create_symlink("2.png", folder() / "images/val/3.png");
  const auto dataset = read_yolo(
      file("data.yaml", "path: .\nval: [images/val, images/val/, ./images/val, images/../images/val, images/./val]\nnames: [x]\n"), "val");
  EXPECT_EQ(dataset.images.size(), 3U) << "a link of another name is an image of its own";
}

TEST_F(YoloDataset, RefusesBadLabelsNamingTheLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"0 0.5 0.5 0.1\n", "found 4 numbers"},      {"2 0.5 0.5 0.1 0.1\n", "class 2"},   {"-1 0.5 0.5 0.1 0.1\n", "class -1"},
      {"0.5 0.5 0.5 0.1 0.1\n", "class 0.5"},      {"0 320 0.5 0.1 0.1\n", "320"},       {"0 0.5 0.5 -0.005 0.1\n", "negative size"},
      {"0 0.5 nan 0.1 0.1\n", "found \"nan\""},    {"0 0.5 x 0.1 0.1\n", "found \"x\""}, {"0 0.1 0.1 0.2 0.2 0.3\n", "found 6 numbers"},
      {"0 1e999 0.5 0.1 0.1\n", "found \"1e999\""}};
  for (const auto& [line, why] : cases)
    expect_error(ErrorKind::input, {"7.txt", "line 2", why}, [&, text = line] { read_with("0 0.5 0.5 0.1 0.1\n" + text); });
}

TEST_F(YoloDataset, NamesLineAndColumnOfWhatIsWrongInTheYaml) {
  image("images/1.png");
  const auto refused = [&](const std::string& text, const std::string& place) {
    const auto yaml = file("data.yaml", text);
    expect_error(ErrorKind::input, {yaml.string() + place}, [&] { read_yolo(yaml, "val"); });
  };
  refused("val: images\nnames:\n  0: cat\n  two: dog\n", ":4:3: names.two: expected a class number");
  refused("val: images\nnames: [cat, [dog]]\n", ":2:14: names.1: expected a name");
  refused("names: [cat]\nval: nowhere\n", ":2:1: val: there is no folder or list");
  refused("names: [cat]\npath: 5\nval: images\n", ":2:1: path: expected a folder");
  refused("names: [cat]\nval: images\npath: " + std::string(300, 'a') + "\n", ":2:1: val: there is no folder or list");
  refused("names: [cat]\nval: " + std::string(300, 'a') + "\n", ":2:1: val: there is no folder or list");
  refused("nc: 3\nval: images\nnames: [cat, dog]\n", ":1:1: nc: says 3 classes, and names has 2;");
  refused("nc: 1\nval: images\nnames: {0: cat, 1: dog}\n", ":1:1: nc: says 1 classes, and names has 2;");
  refused("val: images\nnames: {0: cat, 00: dog}\n", ":2:1: names: class number 0 stands twice");
  for (const std::string count : {"two", "'2'", "2.5", "0", "-2", "1e30", ".nan", "[2]", "true"})
    for (const auto* rest : {"\nval: images\nnames: [cat, dog]\n", "\nval: images\n"})
      refused("nc: " + count + rest, ":1:1: nc: expected how many classes there are (1 to 100000), found ");
  refused("names: [cat]\n", ": val: the key is missing");
}

TEST_F(YoloDataset, LeavesBadImagesOutWhereItMay) {
  image("images/1.png");
  image("images/2.png");
  file("images/3.png", "no picture");
  file("labels/1.txt", "0 0.5 0.5 0.1 0.1\n");
  file("labels/2.txt", "0 0.5 0.5 0.1 0.1\n7 0.5 0.5 0.1 0.1\n");
  const auto yaml = file("data.yaml", "val: images\nnames: [cat, dog]\n");
  const auto dataset = read_yolo(yaml, "val", OnBadData::skip);
  ASSERT_EQ(dataset.images.size(), 1U);
  EXPECT_EQ(dataset.images[0].id, 1);
  EXPECT_EQ(dataset.annotations.size(), 1U);
  ASSERT_EQ(dataset.bad.size(), 2U);
  EXPECT_THAT(dataset.bad[0].reason, testing::HasSubstr("3.png"));
  EXPECT_THAT(dataset.bad[1].reason, testing::AllOf(testing::HasSubstr("2.txt: line 2"), testing::HasSubstr("class 7")));
  expect_error(ErrorKind::input, {"2 faults", "--on-bad-data skip"}, [&] { read_yolo(yaml, "val"); });
  expect_error(ErrorKind::input, {"2 faults among 3 images", "more than 10 %"}, [&] { read_yolo(yaml, "val", OnBadData::skip_few); });
}

/// Sizes come from headers, so that a large data set is open at once; what is used is decoded.
TEST_F(YoloDataset, DecodesTheImagesThatAreUsed) {
  const std::string whole = read_file(NIBBLE_SOURCE_DIR "/tests/golden/letterbox/plain.jpg");
  file("images/1.jpg", whole);
  file("images/2.jpg", whole.substr(0, whole.size() / 2));
  file("labels/1.txt", "0 0.5 0.5 0.1 0.1\n");
  auto dataset = read_yolo(file("data.yaml", "val: images\nnames: [cat]\n"), "val");
  ASSERT_EQ(dataset.images.size(), 2U);
  EXPECT_EQ(dataset.images[1].width_px, 80);
  auto first = select_images(dataset, {.max_images = 1, .ids = {}});
  EXPECT_NO_THROW(leave_out_bad_images(first, "", OnBadData::stop));
  expect_error(ErrorKind::input, {"2.jpg"}, [&] { leave_out_bad_images(dataset, "", OnBadData::stop); });
  leave_out_bad_images(dataset, "", OnBadData::skip);
  EXPECT_EQ(dataset.images.size(), 1U);
  ASSERT_EQ(dataset.bad.size(), 1U);
}

TEST_F(YoloDataset, TakesACountThatAgreesWithTheNames) {
  image("images/1.png");
  for (const auto* text : {"nc: 2\nnames: [cat, dog]\n", "nc: 2.0\nnames: [cat, dog]\n", "nc:\nnames: {0: cat, 1: dog}\n", "nc: 2\n"})
    EXPECT_EQ(read_yolo(file("data.yaml", std::string("val: images\n") + text), "val").categories.size(), 2U) << text;
}

TEST_F(YoloDataset, FindsRoboflowsFolders) {
  image("valid/images/7.png");
  file("valid/labels/7.txt", "0 0.5 0.5 0.1 0.1\n");
  const auto dataset = read_yolo(file("data.yaml", "train: ../train/images\nval: ../valid/images\nnc: 1\nnames: [x]\n"), "val");
  ASSERT_EQ(dataset.images.size(), 1U);
  EXPECT_EQ(dataset.annotations.size(), 1U);
  expect_error(ErrorKind::input, {"train", "../train/images", "nor"}, [&] { read_yolo(folder() / "data.yaml", "train"); });
}

TEST_F(YoloDataset, StartsAtTheWorkingDirectoryWhereTheYamlsFolderHasNothing) {
  image("datasets/set/images/val/7.png");
  file("datasets/set/labels/val/7.txt", "0 0.5 0.5 0.1 0.1\n");
  const auto yaml = file("cfg/data.yaml", "path: datasets/set\nval: images/val\nnames: [x]\n");
  const auto before = fs::current_path();
  fs::current_path(folder());
  EXPECT_EQ(read_yolo("cfg/data.yaml", "val").annotations.size(), 1U);
  fs::current_path(before);
  expect_error(ErrorKind::input, {"val", "cfg/datasets/set/images/val", "nor datasets/set/images/val"}, [&] { read_yolo(yaml, "val"); });
}

TEST_F(YoloDataset, ReadsNestedFoldersListsAndMarks) {
  image("images/val/day 1/#2.png");
  file("labels/val/day 1/#2.txt",
       "\xEF\xBB\xBF"
       "0 0.5 0.5 0.1 0.1\r\n0 0.2 0.2 0.1 0.1\r");
  image("images/other/b.png");
  file("labels/other/b.txt", "0 0.5 0.5 0.1 0.1");
  file("other.txt", "\xEF\xBB\xBF.\\images\\other\\b.png\r\n# nothing\r\n");
  const auto dataset = read_yolo(file("data.yaml", "\xEF\xBB\xBFpath: .\nval: ['images\\val', other.txt]\nnames: [x]\n"), "val");
  EXPECT_EQ(dataset.images.size(), 2U);
  EXPECT_EQ(dataset.annotations.size(), 3U);
}

TEST_F(YoloDataset, RefusesABadDataFile) {
  image("images/1.png");
  const std::vector<std::pair<std::string, std::string>> cases = {{"val: images\n", "names"},
                                                                  {"val: images\nnames: []\n", "names"},
                                                                  {"val: images\nnames: {0: a, 2: b}\n", "2 stands where 1 should"},
                                                                  {"val: images\nnames: {x: a}\n", "names.x"},
                                                                  {"train: images\nnames: [a]\n", "val"},
                                                                  {"val: 3\nnames: [a]\n", "val"},
                                                                  {"val: nowhere\nnames: [a]\n", "nowhere"},
                                                                  {"path: [1]\nval: images\nnames: [a]\n", "path"},
                                                                  {"- a\n", "top level"}};
  for (const auto& [yaml, why] : cases)
    expect_error(ErrorKind::input, {why}, [&, text = yaml] { read_yolo(file("data.yaml", text), "val"); });
}

}  // namespace
}  // namespace nibble

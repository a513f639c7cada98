// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"

#include "base/log.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;
using testing::ElementsAre;

class Coco : public test::Scratch {
 protected:
  static constexpr const char* kImages = R"("images":[{"id":9,"file_name":"9.jpg","width":640,"height":480},{"id":3,"file_name":"3.jpg"}])";
  static constexpr const char* kCategories = R"("categories":[{"id":18,"name":"dog"},{"id":1,"name":"person"}])";
  static constexpr const char* kAnnotation =
      R"({"id":5,"image_id":9,"category_id":18,"bbox":[1,2,3.5,4],"area":10,"iscrowd":1,"segmentation":[[1,2,3,4]]})";

  CocoDataset read(const std::string& images, const std::string& annotations, const std::string& categories = kCategories) const {
    return read_coco(file("instances.json", "{" + images + R"(,"annotations":[)" + annotations + "]," + categories + "}"));
  }
  CocoDataset three_images() const {
    return read(
        R"("images":[{"id":30,"file_name":"c.jpg"},{"id":10,"file_name":"a.jpg"},{"id":20,"file_name":"b.jpg"}])",
        R"({"id":1,"image_id":20,"category_id":1,"bbox":[0,0,1,1],"area":1},{"id":2,"image_id":10,"category_id":1,"bbox":[0,0,1,1],"area":1})");
  }
};

std::vector<std::int64_t> ids_of(const CocoDataset& dataset) {
  std::vector<std::int64_t> ids;
  for (const auto& image : dataset.images) ids.push_back(image.id);
  return ids;
}

TEST_F(Coco, ReadsAnInstancesFile) {
  const auto dataset = read(kImages, kAnnotation);
  EXPECT_THAT(ids_of(dataset), ElementsAre(3, 9));
  EXPECT_EQ(dataset.images[1].height_px, 480);
  EXPECT_EQ(dataset.images[0].width_px, 0);
  EXPECT_EQ(dataset.categories[0].name, "person");
  ASSERT_EQ(dataset.annotations.size(), 1U);
  const auto& annotation = dataset.annotations[0];
  EXPECT_THAT(annotation.box_xywh_px, ElementsAre(1, 2, 3.5, 4));
  EXPECT_EQ(annotation.area_px2, 10);
  EXPECT_TRUE(annotation.is_crowd);
  EXPECT_FALSE(annotation.ignore);
}

TEST_F(Coco, RefusesABadAnnotationNamingItsPlace) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {R"({"id":1,"image_id":9,"category_id":18})", {"annotations[0].bbox", "missing"}},
      {R"({"id":1,"image_id":8,"category_id":18,"bbox":[1,2,3,4],"area":1})", {"annotations[0].image_id", "no image with id 8"}},
      {R"({"id":1,"image_id":9,"category_id":2,"bbox":[1,2,3,4],"area":1})", {"category_id", "no category with id 2"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,-3,4],"area":1})", {"annotations[0].bbox", "negative size -3 x 4"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,3],"area":1})", {"expected 4 numbers, found 3"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,3,4],"area":-1})", {"negative area"}},
      {R"({"id":1,"image_id":"x","category_id":18,"bbox":[1,2,3,4],"area":1})", {"image_id", "no image with id x"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,3,4],"area":1,"iscrowd":"no"})", {"iscrowd", "found text"}},
  };
  for (auto [annotation, parts] : cases) {
    parts.push_back("instances.json");
    expect_error(ErrorKind::input, parts, [&, text = annotation] { read(kImages, text); });
  }
}

TEST_F(Coco, RefusesBadImagesAndCategories) {
  expect_error(ErrorKind::input, {"images", "id 3 stands twice"},
               [&] { read(R"("images":[{"id":3,"file_name":"a"},{"id":3,"file_name":"b"}])", ""); });
  expect_error(ErrorKind::input, {"images[0].file_name"}, [&] { read(R"("images":[{"id":3}])", ""); });
  expect_error(ErrorKind::input, {"images[0].width", "-1"}, [&] { read(R"("images":[{"id":3,"file_name":"a","width":-1}])", ""); });
  expect_error(ErrorKind::input, {"categories", "id 1 stands twice"},
               [&] { read(kImages, "", R"("categories":[{"id":1,"name":"a"},{"id":1,"name":"b"}])"); });
  expect_error(ErrorKind::input, {"instances.json", "categories", "missing"}, [&] { read(kImages, "", R"("other":1)"); });
}

TEST_F(Coco, MissingFileAndForeignExtensionAreErrors) {
  expect_error(ErrorKind::input, {"nowhere.json"}, [&] { read_dataset(folder() / "nowhere.json"); });
  expect_error(ErrorKind::input, {"boxes.csv", "unknown kind"}, [&] { read_dataset(folder() / "boxes.csv"); });
}

TEST_F(Coco, SelectsTheFirstImagesByIdWithTheirAnnotations) {
  const auto selected = select_images(three_images(), {.max_images = 1, .ids = {}});
  EXPECT_THAT(ids_of(selected), ElementsAre(10));
  ASSERT_EQ(selected.annotations.size(), 1U);
  EXPECT_EQ(selected.annotations[0].id, 2);
  EXPECT_EQ(selected.categories.size(), 2U);
}

TEST_F(Coco, SelectsByIdInAscendingOrder) {
  EXPECT_THAT(ids_of(select_images(three_images(), {.max_images = {}, .ids = {30, 10, 30}})), ElementsAre(10, 30));
  EXPECT_THAT(ids_of(select_images(three_images(), {.max_images = 1, .ids = {30, 20}})), ElementsAre(20));
  EXPECT_THAT(ids_of(select_images(three_images(), {.max_images = 99, .ids = {}})), ElementsAre(10, 20, 30));
  EXPECT_THAT(ids_of(select_images(three_images(), {})), ElementsAre(10, 20, 30));
}

TEST_F(Coco, RefusesUnknownIdsAndEmptySelections) {
  expect_error(ErrorKind::input, {"instances.json", "2 of 3 ids", "the first is 11"}, [&] {
    select_images(three_images(), {.max_images = {}, .ids = {10, 12, 11}});
  });
  expect_error(ErrorKind::usage, {"0 images"}, [&] { select_images(three_images(), {.max_images = 0, .ids = {}}); });
}

TEST_F(Coco, ReadsListsOfIdsAndNames) {
  const auto list = file("ids.txt", "# the seed\n139\r\n\n  val2017/000000000285.jpg # a bear\n#1\nval\\street_12.jpg\nyard");
  EXPECT_THAT(read_image_names(list), ElementsAre("139", "val2017/000000000285.jpg", "val\\street_12.jpg", "yard"));
  CocoDataset dataset;
  dataset.images = {{1, "a/street_12.jpg"}, {2, "a/yard.jpg"}, {139, "x.jpg"}, {285, "y.jpg"}, {286, "z.jpg"}, {7, "b/z.jpg"}};
  EXPECT_THAT(ids_of(select_images(dataset, {.max_images = {}, .ids = {}, .names = read_image_names(list)})), ElementsAre(1, 2, 139, 285));
  for (const auto* name : {"cat.jpg", "99999999999999999999", "z"})
    expect_error(ErrorKind::input, {"1 of", name}, [&] { select_images(dataset, {.max_images = {}, .ids = {}, .names = {"1", name}}); });
  expect_error(ErrorKind::input, {"none.txt", "no image"}, [&] { read_image_names(file("none.txt", "# nothing\n")); });
}

/// Nobody who writes a list knows ids that reading made: 1 is the file 1.jpg, and not the first file.
TEST_F(Coco, AListOfNumbersNamesFilesWhereIdsWereMade) {
  CocoDataset dataset;
  dataset.source = "data.yaml";
  dataset.images = {{1, "val/0.jpg"}, {2, "val/1.jpg"}, {3, "val/a.jpg"}};
  EXPECT_TRUE(has_made_ids(dataset));
  const auto selected = [&](const std::vector<std::string>& names) {
    return ids_of(select_images(dataset, {.max_images = {}, .ids = {}, .names = names}));
  };
  EXPECT_THAT(selected({"1", "a"}), ElementsAre(2, 3));
  expect_error(ErrorKind::input, {"1 of 1", "3"}, [&] { selected({"3"}); });
  using Texts = std::map<std::int64_t, std::string>;
  EXPECT_EQ(text_ids(dataset), (Texts{{1, "0.jpg"}, {2, "1.jpg"}, {3, "a.jpg"}}));
  dataset.images[0].file_name = "val/p/a.jpg";
  EXPECT_EQ(text_ids(dataset), (Texts{{1, "val/p/a.jpg"}, {2, "1.jpg"}, {3, "val/a.jpg"}}));
  dataset.images = {{0, "val/0.jpg"}, {1, "val/1.jpg"}};
  EXPECT_FALSE(has_made_ids(dataset));
  EXPECT_TRUE(text_ids(dataset).empty());
  EXPECT_THAT(selected({"1"}), ElementsAre(1));
}

TEST_F(Coco, ReadsWhatOthersWrite) {
  const auto dataset = read(
      R"("images":[{"id":"9","file_name":"val\\a.jpg","width":null},{"id":"10","file_name":"b.jpg"}])",
      R"({"id":0,"image_id":"9","category_id":18.0,"bbox":[1,2,3,4]},{"image_id":10,"category_id":"18","bbox":[1,2,5,4],"area":null})");
  ASSERT_EQ(dataset.images.size(), 2U);
  EXPECT_EQ(dataset.images[0].id, 9);
  EXPECT_EQ(dataset.images[0].key, "9");
  EXPECT_EQ(dataset.images[0].file_name, "val/a.jpg");
  ASSERT_EQ(dataset.annotations.size(), 2U);
  EXPECT_EQ(dataset.annotations[0].id, 1) << "pycocotools never counts id 0 as found";
  EXPECT_EQ(dataset.annotations[0].area_px2, 12);
  EXPECT_EQ(dataset.annotations[1].image_id, 10);
  EXPECT_EQ(dataset.annotations[1].area_px2, 20);
}

TEST_F(Coco, NumbersImagesWhoseIdsAreNoNumbers) {
  const auto dataset = read(R"("images":[{"id":"left","file_name":"a.jpg"},{"id":"right","file_name":"b.jpg"}])",
                            R"({"id":1,"image_id":"right","category_id":18,"bbox":[1,2,3,4],"area":1})");
  EXPECT_THAT(ids_of(dataset), ElementsAre(1, 2));
  EXPECT_EQ(dataset.annotations.at(0).image_id, 2);
  EXPECT_THAT(ids_of(select_images(dataset, {.max_images = {}, .ids = {}, .names = {"right"}})), ElementsAre(2));
}

TEST_F(Coco, LeavesImagesWithBadAnnotationsOutWhereItMay) {
  const auto path =
      file("instances.json",
           R"({"images":[{"id":1,"file_name":"a"},{"id":2,"file_name":"b"},{"id":3,"file_name":"c"}],"categories":[{"id":1,"name":"x"}],
  "annotations":[{"id":1,"image_id":1,"category_id":1,"bbox":[0,0,1,1]},{"id":2,"image_id":2,"category_id":1,"bbox":[0,0,-1,1]},
  {"id":3,"image_id":2,"category_id":1,"bbox":[0,0,1,1]},{"id":4,"image_id":3,"category_id":5,"bbox":[0,0,1,1]},
  {"id":5,"image_id":4,"category_id":1,"bbox":[0,0,1,1]}]})");
  const auto dataset = read_coco(path, OnBadData::skip);
  EXPECT_THAT(ids_of(dataset), ElementsAre(1));
  EXPECT_EQ(dataset.annotations.size(), 1U);
  EXPECT_EQ(dataset.bad.size(), 3U);
  expect_error(ErrorKind::input, {"3 faults"}, [&] { read_coco(path); });
}

TEST_F(Coco, CutsFoldersThatTheImagesAreIn) {
  file("val/a.jpg", "x");
  file("val/deep/b.jpg", "x");
  CocoDataset dataset;
  dataset.source = "instances.json";
  dataset.images = {{1, "val/a.jpg"}, {2, "/elsewhere/deep/b.jpg"}, {3, "gone/c.jpg"}, {4, "other/a.jpg"}};
  place_images(dataset, folder() / "val");
  EXPECT_EQ(dataset.images[0].file_name, "a.jpg");
  EXPECT_EQ(dataset.images[1].file_name, "deep/b.jpg");
  EXPECT_EQ(dataset.images[2].file_name, "gone/c.jpg");
  EXPECT_EQ(dataset.images[3].file_name, "other/a.jpg") << "a.jpg is image 1";
}

TEST_F(Coco, RefusesAFolderWithoutImages) {
  file("empty/notes.txt", "x");
  for (const auto* source : {"instances.json", "data.yaml"}) {
    CocoDataset dataset;
    dataset.source = source;
    dataset.images = {{1, "a.jpg"}};
    expect_error(ErrorKind::input, {"empty: no image in the folder; expected .jpg, .jpeg, .png"},
                 [&] { place_images(dataset, folder() / "empty"); });
  }
}

TEST_F(Coco, ADataFileSaysItselfWhereItsImagesAre) {
  CocoDataset dataset;
  dataset.images = {{1, "set/images/a.jpg"}};
  dataset.source = "set/data.yaml";
  EXPECT_EQ(image_file(dataset, dataset.images[0], "set/images"), "set/images/a.jpg");
  dataset.source = "instances.json";
  EXPECT_EQ(image_file(dataset, dataset.images[0], "set/images"), "set/images/set/images/a.jpg");
}

TEST_F(Coco, AFolderBesideADataFileIsTheSamePlaceOrAnError) {
  file("set/images/val/a.jpg", "x");
  file("set/images/val/deep/b.jpg", "x");
  file("other/a.jpg", "x");
  CocoDataset dataset;
  dataset.source = folder() / "set/data.yaml";
  dataset.images = {{1, (folder() / "set/images/val/a.jpg").string()}, {2, (folder() / "set/images/val/deep/b.jpg").string()}};
  for (const auto* same : {"set/images/val", "set/images/val/", "set", "other/../set/./images"})
    EXPECT_NO_THROW(place_images(dataset, folder() / same)) << same;
  std::filesystem::create_directory_symlink(folder() / "set/images", folder() / "link");
  std::filesystem::create_symlink(folder() / "other/a.jpg", folder() / "set/images/val/c.jpg");
  dataset.images.push_back({3, (folder() / "set/images/val/c.jpg").string()});
  EXPECT_NO_THROW(place_images(dataset, folder() / "link"));
  for (const auto* another : {"other", "set/images/val/deep"})
    expect_error(ErrorKind::usage,
                 {another, "set/data.yaml says itself where its images are", "set/images/val/a.jpg is not in this folder"},
                 [&] { place_images(dataset, folder() / another); });
  expect_error(ErrorKind::input, {"nowhere: no such folder"}, [&] { place_images(dataset, folder() / "nowhere"); });
}

TEST(BadData, OneOrATenthMayBeLeftOut) {
  const auto settle = [](std::size_t bad, std::int64_t left, OnBadData rule) {
    settle_bad_data(std::vector<BadDatum>(bad, {"a.jpg", "image: a.jpg: cut"}), left, rule, "set");
  };
  EXPECT_NO_THROW(settle(0, 0, OnBadData::stop));
  EXPECT_NO_THROW(settle(1, 2, OnBadData::skip_few));
  EXPECT_NO_THROW(settle(2, 18, OnBadData::skip_few));
  EXPECT_NO_THROW(settle(9, 1, OnBadData::skip));
  expect_error(ErrorKind::input, {"3 faults among 20 images"}, [&] { settle(3, 17, OnBadData::skip_few); });
  expect_error(ErrorKind::input, {"leave no image"}, [&] { settle(1, 0, OnBadData::skip); });
  expect_error(ErrorKind::input, {"a.jpg: cut", "--on-bad-data skip"}, [&] { settle(1, 9, OnBadData::stop); });
}

TEST(BadData, ManyFaultsDoNotFloodTheTerminal) {
  std::vector<std::string> warnings;
  std::size_t others = 0;
  set_log_listener([&](LogLevel level, const std::string& words) {
    if (level == LogLevel::warning)
      warnings.push_back(words);
    else
      ++others;
  });
  settle_bad_data(std::vector<BadDatum>(23, {"a.jpg", "image: a.jpg: cut"}), 1, OnBadData::skip, "set");
  set_log_listener({});
  ASSERT_EQ(warnings.size(), 21U);
  EXPECT_THAT(warnings.back(), testing::HasSubstr("and 3 more, which --verbose lists"));
  EXPECT_EQ(others, 3U);
}

TEST(CocoShared, ReadsTheAnnotationsOfRealImages) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "needs ../shared or NIBBLE_SHARED";
  const auto dataset = read_dataset(*shared / "coco/annotations/instances_val2017.json");
  EXPECT_EQ(dataset.images.size(), 128U);
  EXPECT_EQ(dataset.annotations.size(), 903U);
  EXPECT_EQ(dataset.categories.size(), 80U);
  EXPECT_EQ(dataset.images[0].id, 139);
}

/// A file that was joined with itself is not scored twice; equal boxes with ids of their own are two objects, as in pycocotools.
TEST_F(Coco, AnAnnotationThatStandsTwiceCountsOnce) {
  std::vector<std::string> warnings;
  set_log_listener([&](LogLevel level, const std::string& words) {
    if (level == LogLevel::warning) warnings.push_back(words);
  });
  const auto entry = [](int id, int width) {
    return R"({"id":)" + std::to_string(id) + R"(,"image_id":9,"category_id":18,"bbox":[1,2,)" + std::to_string(width) +
           R"(,4],"area":10})";
  };
  const auto dataset = read(kImages, entry(5, 3) + "," + entry(6, 3) + "," + entry(5, 3) + "," + entry(5, 7));
  set_log_listener(nullptr);
  EXPECT_EQ(dataset.annotations.size(), 3U);
  ASSERT_EQ(warnings.size(), 2U);
  EXPECT_THAT(warnings[0], testing::HasSubstr("1 annotations have the id of another one"));
  EXPECT_THAT(warnings[1], testing::HasSubstr("1 annotations stand in it twice"));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "data/coco.h"

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
      {R"({"image_id":9,"category_id":18,"bbox":[1,2,3,4],"area":1})", {"annotations[0].id", "missing"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,3,4]})", {"annotations[0].area", "missing"}},
      {R"({"id":1,"image_id":8,"category_id":18,"bbox":[1,2,3,4],"area":1})", {"annotations[0].image_id", "no image with id 8"}},
      {R"({"id":1,"image_id":9,"category_id":2,"bbox":[1,2,3,4],"area":1})", {"category_id", "no category with id 2"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,-3,4],"area":1})", {"annotations[0].bbox", "negative size -3 x 4"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,3],"area":1})", {"expected 4 numbers, found 3"}},
      {R"({"id":1,"image_id":9,"category_id":18,"bbox":[1,2,3,4],"area":-1})", {"negative area"}},
      {R"({"id":1,"image_id":"9","category_id":18,"bbox":[1,2,3,4],"area":1})", {"image_id", "found text"}},
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

TEST_F(Coco, ReadsListsOfIds) {
  const auto list = file("ids.txt", "# the seed\n139\r\n\n  val2017/000000000285.jpg # a bear\n#1\n632");
  EXPECT_THAT(read_image_ids(list), ElementsAre(139, 285, 632));
  expect_error(ErrorKind::input, {"bad.txt", "line 3", "\"cat.jpg\""}, [&] { read_image_ids(file("bad.txt", "1\n\ncat.jpg\n")); });
  expect_error(ErrorKind::input, {"big.txt", "line 1"}, [&] { read_image_ids(file("big.txt", "99999999999999999999")); });
  expect_error(ErrorKind::input, {"none.txt", "no image"}, [&] { read_image_ids(file("none.txt", "# nothing\n")); });
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

}  // namespace
}  // namespace nibble

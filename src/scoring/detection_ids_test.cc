// SPDX-License-Identifier: Apache-2.0
#include "scoring/detection_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nibble/error.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using test::expect_error;
using testing::HasSubstr;

/// Images 1 and 2; objects of class 0, 1 and 1 side by side in each.
CocoDataset three_classes(const std::string& source, std::int64_t first_id) {
  CocoDataset dataset;
  dataset.source = source;
  dataset.images = {{1, "val/1.jpg", 100, 100}, {2, "val/2.jpg", 100, 100}};
  dataset.categories = {{first_id, "cat"}, {first_id + 1, "dog"}, {first_id + 2, "spare"}};
  for (std::int64_t image = 1; image <= 2; ++image)
    for (std::int64_t i = 0; i < 3; ++i)
      dataset.annotations.push_back(
          {3 * image + i, image, first_id + std::min<std::int64_t>(i, 1), {30.0 * static_cast<double>(i), 0, 20, 20}, 400});
  return dataset;
}

/// One detection on each object, classes counted from `offset`.
DetectionsFile found(std::int64_t offset) {
  DetectionsFile file;
  for (std::int64_t image = 1; image <= 2; ++image)
    for (std::int64_t i = 0; i < 3; ++i)
      file.detections.push_back({image, offset + std::min<std::int64_t>(i, 1), 0.9, {30.0 * static_cast<double>(i) + 1, 0, 20, 20}});
  return file;
}

TEST(DetectionIds, BoxesTellTheReadingWhereIdsFitSeveral) {
  const auto yaml = three_classes("data.yaml", 0);
  EXPECT_EQ(resolve_ids(found(0), yaml).read_as, "annotations");
  const auto counted = resolve_ids(found(1), yaml);
  EXPECT_EQ(counted.read_as, "class+1") << counted.why;
  EXPECT_THAT(counted.why, HasSubstr("100 %"));
  EXPECT_EQ(counted.detections[0].category_id, 0);
  EXPECT_EQ(counted.detections[1].category_id, 1);
}

TEST(DetectionIds, TheOnlyReadingThatFitsIsTaken) {
  auto file = found(1);
  file.detections[0].category_id = 3;  // no class 3 from 0
  EXPECT_EQ(resolve_ids(file, three_classes("data.yaml", 0)).read_as, "class+1");
  EXPECT_EQ(resolve_ids(found(0), three_classes("instances.json", 1)).read_as, "class");
  EXPECT_EQ(resolve_ids(found(0), three_classes("instances.json", 1)).detections[0].category_id, 1);
}

TEST(DetectionIds, ACocoFilesOwnIdsAreTakenUnlessTheBoxesSayOtherwise) {
  EXPECT_EQ(resolve_ids(found(1), three_classes("instances.json", 1)).read_as, "annotations");
  auto elsewhere = found(1);
  for (auto& detection : elsewhere.detections) detection.box_xywh_px = {60, 60, 5, 5};
  EXPECT_EQ(resolve_ids(elsewhere, three_classes("instances.json", 1)).read_as, "annotations") << "no box speaks";
  auto file = found(1);
  for (auto& detection : file.detections) detection.category_id = 5 + detection.category_id;
  EXPECT_EQ(resolve_ids(file, three_classes("instances.json", 6)).read_as, "annotations");
}

TEST(DetectionIds, WhatStaysOpenIsAskedFor) {
  auto elsewhere = found(1);
  for (auto& detection : elsewhere.detections) detection.box_xywh_px = {60, 60, 5, 5};
  const auto yaml = three_classes("data.yaml", 0);
  expect_error(ErrorKind::usage, {"--category-ids", "class, class+1"}, [&] { resolve_ids(elsewhere, yaml); });
  EXPECT_EQ(resolve_ids(elsewhere, yaml, "class+1").detections[0].category_id, 0);
  EXPECT_EQ(resolve_ids(elsewhere, yaml, "class").detections[0].category_id, 1);
}

TEST(DetectionIds, AnIdThatFitsNothingIsNamed) {
  auto file = found(1);
  file.detections[4].category_id = 9;
  const auto yaml = three_classes("data.yaml", 0);
  expect_error(ErrorKind::input, {"category id 9", "data.yaml"}, [&] { resolve_ids(file, yaml); });
  expect_error(ErrorKind::input, {"category id 9"}, [&] { resolve_ids(file, yaml, "class"); });
  const auto own = resolve_ids(file, yaml, "annotations");
  ASSERT_EQ(own.notes.size(), 1U);
  EXPECT_THAT(own.notes[0], HasSubstr("1 of 6 detections"));
}

TEST(DetectionIds, ImagesGoByNameOrNumber) {
  auto json = three_classes("instances.json", 0);
  json.images[0].file_name = "val/a.jpg";
  json.images[1].file_name = "val/7.jpg";
  auto file = found(0);
  file.image_names = {"a", "7.jpg"};
  for (auto& detection : file.detections) detection.image_id = detection.image_id == 1 ? -1 : -2;
  const auto named = resolve_ids(file, json);
  EXPECT_EQ(named.detections[0].image_id, 1);
  EXPECT_EQ(named.detections[5].image_id, 2);
  auto numbered = found(0);
  numbered.detections[5].image_id = 7;  // the file's name, as Ultralytics writes it
  EXPECT_EQ(resolve_ids(numbered, json).detections[5].image_id, 2);
  numbered.detections[5].image_id = 8;
  expect_error(ErrorKind::input, {"entry 5", "image 8"}, [&] { resolve_ids(numbered, json); });
  file.image_names[1] = "gone";
  expect_error(ErrorKind::input, {"entry 3", "\"gone\""}, [&] { resolve_ids(file, json); });
}

/// As Ultralytics writes them: the number that is the file's name. Ids that reading the data.yaml made are not known to anybody.
TEST(DetectionIds, NumbersAreNamesWhereIdsWereMade) {
  auto yaml = three_classes("data.yaml", 0);
  yaml.images[0].file_name = "val/2.jpg";  // its id is 1
  yaml.images[1].file_name = "val/b.jpg";  // its id is 2
  auto file = found(0);
  file.image_names = {"b"};
  for (auto& detection : file.detections) detection.image_id = detection.image_id == 1 ? 2 : -1;
  const auto resolved = resolve_ids(file, yaml);
  EXPECT_EQ(resolved.detections[0].image_id, 1);
  EXPECT_EQ(resolved.detections[5].image_id, 2);
  file.detections[0].image_id = 1;
  expect_error(ErrorKind::input, {"entry 0", "image 1 is not in"}, [&] { resolve_ids(file, yaml); });
  yaml.images[1].file_name = "other/2.jpg";
  file.detections[0].image_id = 2;
  expect_error(ErrorKind::input, {"entry 0", "image 2 is the name of several images"}, [&] { resolve_ids(file, yaml); });
}

TEST(DetectionIds, ANameOfTwoImagesIsNone) {
  auto yaml = three_classes("data.yaml", 0);
  yaml.images[0].file_name = "val/a.jpg";
  yaml.images[1].file_name = "other/a.jpg";
  auto file = found(0);
  file.image_names = {"a"};
  file.detections[0].image_id = -1;
  expect_error(ErrorKind::input, {"\"a\"", "several images"}, [&] { resolve_ids(file, yaml); });
}

TEST(DetectionIds, CocosNinetyOneIdsAreKnown) {
  CocoDataset dataset;
  dataset.source = "coco.yaml";
  dataset.images = {{1, "1.jpg", 10, 10}};
  for (std::int64_t k = 0; k < 80; ++k) dataset.categories.push_back({k, std::to_string(k)});
  DetectionsFile file;
  file.detections = {{1, 90, 0.5, {0, 0, 1, 1}}, {1, 1, 0.5, {0, 0, 1, 1}}, {1, 13, 0.5, {0, 0, 1, 1}}};
  const auto resolved = resolve_ids(file, dataset);
  EXPECT_EQ(resolved.read_as, "coco91");
  EXPECT_EQ(resolved.detections[0].category_id, 79);
  EXPECT_EQ(resolved.detections[1].category_id, 0);
  EXPECT_EQ(resolved.detections[2].category_id, 11);
}

TEST(DetectionIds, NothingFoundNeedsNoReading) { EXPECT_EQ(resolve_ids({}, three_classes("data.yaml", 0)).read_as, "annotations"); }

}  // namespace
}  // namespace nibble

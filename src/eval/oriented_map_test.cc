// SPDX-License-Identifier: Apache-2.0
// The golden cases are Ultralytics' answers (tests/golden/oriented, made by tests/oracle/oriented_map.py).
#include "eval/oriented_map.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "base/json.h"
#include "support/scratch.h"

namespace nibble {
namespace {

constexpr double kOrientedTolerance = 1e-4;

Json oriented_golden() { return read_json(NIBBLE_SOURCE_DIR "/tests/golden/oriented/cases.json"); }

OrientedBox box_of(const Json& numbers, std::size_t first) {
  return {numbers[first], numbers[first + 1], numbers[first + 2], numbers[first + 3], numbers[first + 4]};
}

OrientedBox around(const Json& corners) {
  std::vector<std::array<double, 2>> points;
  for (std::size_t i = 0; i < corners.size(); i += 2) points.push_back({corners[i], corners[i + 1]});
  return smallest_rectangle(points);
}

TEST(OrientedMapGolden, EqualsUltralytics) {
  const auto cases = oriented_golden()["cases"];
  ASSERT_EQ(cases.size(), 8U);
  for (const auto& each : cases) {
    CocoDataset set;
    for (std::int64_t image = 0; image < 4; ++image) set.images.push_back({image, std::to_string(image)});
    for (std::int64_t label = 0; label < 3; ++label) set.categories.push_back({label, std::to_string(label)});
    std::vector<OrientedObject> objects;
    std::vector<OrientedDetection> detections;
    for (const auto& row : each["objects"]) objects.push_back({row[0], row[1], around(row[2])});
    for (const auto& row : each["detections"]) detections.push_back({row[0], row[1], row[2], box_of(row, 3)});
    const auto m = evaluate_oriented(set, objects, detections, {.resamples = 0}).metrics;
    EXPECT_NEAR(m.map_50_95, each["map_50_95"].get<double>(), kOrientedTolerance);
    EXPECT_NEAR(m.map_50, each["map_50"].get<double>(), kOrientedTolerance);
    EXPECT_NEAR(m.map_75, each["map_75"].get<double>(), kOrientedTolerance);
    ASSERT_EQ(m.per_class.size(), 3U);
    for (const auto& row : m.per_class) {
      const auto wanted = each["per_class"].find(row.name);
      ASSERT_EQ(wanted != each["per_class"].end(), row.instances > 0);
      EXPECT_NEAR(row.ap_50, row.instances > 0 ? (*wanted)[0].get<double>() : -1, kOrientedTolerance);
      EXPECT_NEAR(row.ap_50_95, row.instances > 0 ? (*wanted)[1].get<double>() : -1, kOrientedTolerance);
    }
  }
}

/// A resample in which an image counts k times is the set in which it stands k times, one with 0 is left out.
TEST(WeightedOriented, IsTheSetWithCopiesOfItsImages) {
  const Weights weights{2, 0, 3, 1};
  const Json golden = oriented_golden();
  for (const auto& each : golden["cases"]) {
    CocoDataset set, copies;
    std::vector<OrientedObject> objects, copied_objects;
    std::vector<OrientedDetection> detections, copied;
    for (std::int64_t image = 0; image < 4; ++image) set.images.push_back({image, std::to_string(image)});
    for (std::int64_t label = 0; label < 3; ++label) set.categories.push_back({label, std::to_string(label)});
    copies.categories = set.categories;
    // Scores that differ between the images: copies then stand in a row.
    double shift = 0;
    for (const auto& row : each["objects"]) objects.push_back({row[0], row[1], around(row[2])});
    for (const auto& row : each["detections"])
      detections.push_back({row[0], row[1], row[2].get<double>() + 1e-9 * ++shift, box_of(row, 3)});
    for (std::int64_t image = 0; image < 4; ++image)
      for (std::uint32_t copy = 0; copy < weights[static_cast<std::size_t>(image)]; ++copy) {
        const std::int64_t id = 10 * image + copy;
        copies.images.push_back({id, std::to_string(id)});
        for (auto object : objects)
          if (object.image_id == image) object.image_id = id, copied_objects.push_back(object);
        for (auto detection : detections)
          if (detection.image_id == image) detection.image_id = id, copied.push_back(detection);
      }
    const auto wanted = evaluate_oriented(copies, copied_objects, copied, {.resamples = 0}).metrics;
    const auto found = weighted_oriented(set, objects, detections, weights);
    EXPECT_NEAR(found[0], wanted.map_50_95, 1e-12);
    EXPECT_NEAR(found[1], wanted.map_50, 1e-12);
    EXPECT_NEAR(found[2], wanted.map_75, 1e-12);
    EXPECT_EQ(weighted_oriented(set, objects, detections, Weights(4, 0)), (std::vector<double>{-1, -1, -1}));
  }
}

/// Also of corners that are no rectangle. Where two rectangles have the same area, either is the smallest, and OpenCV's choice is left to
/// rounding.
TEST(SmallestRectangle, IsTheOneOfUltralytics) {
  const Json golden = oriented_golden();
  int compared = 0, ties = 0;
  for (const auto& each : golden["cases"])
    for (std::size_t i = 0; i < each["objects"].size(); ++i) {
      const auto found = around(each["objects"][i][2]), wanted = box_of(each["boxes"][i], 0);
      EXPECT_NEAR(found.width * found.height, wanted.width * wanted.height, 2e-5 * wanted.width * wanted.height + 1e-2)
          << each["objects"][i];
      ++compared;
      if (std::hypot(found.x - wanted.x, found.y - wanted.y) > 3e-3) {
        ++ties;
        continue;
      }
      EXPECT_GT(probabilistic_overlap(found, wanted), 0.998F) << each["objects"][i];
    }
  EXPECT_GE(compared, 20);
  EXPECT_LE(ties, 1);
}

TEST(DecodeOriented, SuppressesAsUltralytics) {
  const auto nms = oriented_golden()["nms"];
  std::vector<float> values;
  for (const auto& row : nms["output"])
    for (const auto& value : row) values.push_back(value);
  const auto rows = static_cast<std::int64_t>(nms["output"].size()), anchors = static_cast<std::int64_t>(nms["output"][0].size());
  const auto output = Tensor::of<float>({1, rows, anchors}, std::move(values));
  for (const bool best : {false, true}) {
    DecodeOptions options;
    options.confidence = 0.25;
    options.iou = 0.45;
    options.best_class_only = best;
    const auto& wanted = nms[best ? "best" : "several"];
    const auto found = decode_oriented(output, 0, OutputKind::one2many, rows - 5, {}, 7, options);
    ASSERT_EQ(found.size(), wanted.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].image_id, 7);
      EXPECT_EQ(found[i].category_id, wanted[i][5].get<std::int64_t>());
      EXPECT_NEAR(found[i].score, wanted[i][4].get<double>(), 1e-6);
      const auto& b = found[i].box;
      const std::array<float, 5> box{b.x, b.y, b.width, b.height, b.angle},
          place{wanted[i][0], wanted[i][1], wanted[i][2], wanted[i][3], wanted[i][6]};
      for (std::size_t k = 0; k < box.size(); ++k) EXPECT_NEAR(box[k], place[k], 1e-3);
    }
    options.max_detections = 3;
    EXPECT_EQ(decode_oriented(output, 0, OutputKind::one2many, rows - 5, {}, 7, options).size(), 3U);
  }
}

/// Finished detections, placed where the letterbox took them from.
TEST(DecodeOriented, ReadsOneToOneRowsAndUndoesTheLetterbox) {
  const auto output = Tensor::of<float>({1, 2, 7}, {20, 30, 8, 4, 0.9F, 1, 0.5F, 20, 30, 8, 4, 0.1F, 0, 0.5F});
  DecodeOptions options;
  options.confidence = 0.25;
  Letterbox letterbox;
  letterbox.ratio = 2;
  letterbox.pad_y_px = 10;
  const auto found = decode_oriented(output, 0, OutputKind::one2one, 2, letterbox, 1, options);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].category_id, 1);
  EXPECT_FLOAT_EQ(found[0].box.x, 10);
  EXPECT_FLOAT_EQ(found[0].box.y, 10);
  EXPECT_FLOAT_EQ(found[0].box.width, 4);
  EXPECT_FLOAT_EQ(found[0].box.height, 2);
  EXPECT_FLOAT_EQ(found[0].box.angle, 0.5F);
  test::expect_error(ErrorKind::internal, {"does not fit 4 classes"},
                     [&] { decode_oriented(output, 0, OutputKind::one2many, 4, letterbox, 1, options); });
}

/// A box and the same told with its sides exchanged.
TEST(ProbabilisticOverlap, DoesNotMindHowABoxIsTold) {
  const OrientedBox box{50, 60, 30, 10, 0.3F};
  const OrientedBox same{50, 60, 10, 30, static_cast<float>(0.3 + std::numbers::pi / 2)};
  EXPECT_NEAR(probabilistic_overlap(box, same), 1, 1e-2);
  EXPECT_LT(probabilistic_overlap(box, {90, 60, 30, 10, 0.3F}), 0.1F);
  const auto corners = corners_of({0, 0, 4, 2, 0});
  EXPECT_EQ(corners[0], (std::array<double, 2>{2, 1}));
  EXPECT_EQ(corners[2], (std::array<double, 2>{-2, -1}));
}

TEST(EvaluateOriented, RefusesDetectionsOfOtherImages) {
  CocoDataset set;
  set.images = {{1, "1.jpg"}};
  set.categories = {{0, "plane"}};
  test::expect_error(ErrorKind::input, {"image 7 is not in the data set"}, [&] { evaluate_oriented(set, {}, {{7, 0, 0.5, {}}}, {}); });
  EXPECT_EQ(evaluate_oriented(set, {}, {}, {}).metrics.map_50_95, -1) << "without objects";
  EXPECT_EQ(evaluate_oriented(set, {{1, 0, {5, 5, 4, 2, 0}}}, {}, {}).metrics.map_50_95, 0) << "without detections";
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "eval/coco_map.h"

#include <cstdlib>
#include <limits>

#include "eval/coco_match.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;

constexpr double kTolerance = 1e-9;

std::array<double, 12> stats_of(const CocoMetrics& m) {
  return {m.map_50_95, m.map_50, m.map_75, m.map_small, m.map_medium, m.map_large,
          m.ar_1,      m.ar_10,  m.ar_100, m.ar_small,  m.ar_medium,  m.ar_large};
}

// ---- by hand

CocoDataset one_dog(double width = 50, double height = 50) {
  return {"one.json", {{1, "1.jpg", 100, 100}}, {{1, 1, 18, {0, 0, width, height}, width * height, false, false}}, {{18, "dog"}}};
}

TEST(CocoMap, APerfectDetectionScoresOne) {
  const auto m = evaluate_coco(one_dog(), {{1, 18, 0.3, {0, 0, 50, 50}}});
  EXPECT_NEAR(m.map_50_95, 1, kTolerance);
  EXPECT_NEAR(m.map_medium, 1, kTolerance);
  EXPECT_EQ(m.map_small, -1);
  EXPECT_EQ(m.ar_large, -1);
  EXPECT_EQ(m.ar_1, 1);
  ASSERT_EQ(m.per_class.size(), 1U);
  EXPECT_EQ(m.per_class[0].name, "dog");
  EXPECT_EQ(m.per_class[0].instances, 1);
  EXPECT_EQ(m.num_images, 1);
  EXPECT_EQ(m.num_detections, 1);
}

TEST(CocoMap, OverlapDecidesAtEachThreshold) {
  // 40 of 50 columns: overlap 0.8, found at 0.50 ... 0.80 (7 thresholds of 10).
  const auto m = evaluate_coco(one_dog(), {{1, 18, 0.3, {0, 0, 40, 50}}});
  EXPECT_NEAR(m.map_50_95, 0.7, kTolerance);
  EXPECT_NEAR(m.map_75, 1, kTolerance);
}

TEST(CocoMap, AFalseAlarmAboveHalvesThePrecision) {
  const auto m = evaluate_coco(one_dog(), {{1, 18, 0.3, {0, 0, 50, 50}}, {1, 18, 0.9, {50, 50, 40, 40}}});
  EXPECT_NEAR(m.map_50_95, 0.5, kTolerance);
  EXPECT_EQ(m.ar_1, 0);
  EXPECT_EQ(m.ar_10, 1);
}

TEST(CocoMap, ACrowdForgivesWithoutCounting) {
  auto truth = one_dog();
  truth.annotations.push_back({2, 1, 18, {50, 50, 50, 50}, 2500, true, false});
  const auto m = evaluate_coco(truth, {{1, 18, 0.9, {60, 60, 10, 10}}, {1, 18, 0.8, {70, 70, 10, 10}}, {1, 18, 0.3, {0, 0, 50, 50}}});
  EXPECT_NEAR(m.map_50_95, 1, kTolerance);
  EXPECT_EQ(m.per_class[0].instances, 1);
}

TEST(CocoMap, NothingFoundIsZeroAndNothingToFindIsUndefined) {
  EXPECT_EQ(evaluate_coco(one_dog(), {}).map_50_95, 0);
  auto empty = one_dog();
  empty.annotations.clear();
  const auto m = evaluate_coco(empty, {{1, 18, 0.9, {0, 0, 50, 50}}});
  EXPECT_EQ(m.map_50_95, -1);
  EXPECT_EQ(m.per_class[0].ap_50_95, -1);
  EXPECT_TRUE(to_json(m)["mAP_50_95"].is_null());
}

TEST(CocoMap, RefusesDetectionsThatCannotBe) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  expect_error(ErrorKind::input, {"one.json", "detection 0", "image 2"}, [] { evaluate_coco(one_dog(), {{2, 18, 0.5, {0, 0, 1, 1}}}); });
  expect_error(ErrorKind::input, {"detection 0", "score"}, [&] { evaluate_coco(one_dog(), {{1, 18, nan, {0, 0, 1, 1}}}); });
  expect_error(ErrorKind::input, {"detection 0", "not finite"}, [&] { evaluate_coco(one_dog(), {{1, 18, 0.5, {nan, 0, 1, 1}}}); });
  expect_error(ErrorKind::input, {"negative size"}, [] { evaluate_coco(one_dog(), {{1, 18, 0.5, {0, 0, -1, 1}}}); });
  EXPECT_EQ(evaluate_coco(one_dog(), {{1, 99, 0.5, {0, 0, 1, 1}}}).num_detections, 1) << "a category without truth is no error";
}

TEST(CocoMap, SelectsTheDetectionsOfSelectedImages) {
  const auto kept = select_detections({{2, 1, 0.5, {}}, {1, 1, 0.4, {}}, {1, 2, 0.3, {}}}, one_dog());
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[1].category_id, 2);
}

TEST(CocoMap, WritesMetricsUnderTheirPublicNames) {
  const auto json = to_json(evaluate_coco(one_dog(), {{1, 18, 0.3, {0, 0, 40, 50}}}));
  EXPECT_NEAR(json.at("mAP_50_95").get<double>(), 0.7, kTolerance);
  for (const auto* key : {"mAP_50", "mAP_75", "mAP_small", "mAP_medium", "mAP_large", "AR_1", "AR_10", "AR_100", "AR_small", "AR_medium",
                          "AR_large", "per_class", "num_images", "num_detections"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_NEAR(json.at("per_class").at(0).at("AP_50_95").get<double>(), 0.7, kTolerance);
  EXPECT_EQ(json.at("per_class").at(0).at("name"), "dog");
}

TEST(CocoMatch, ThresholdsHaveNumpysBits) {
  EXPECT_EQ(coco::overlap_thresholds()[3], 0.65);
  EXPECT_EQ(coco::overlap_thresholds()[5], 0.75);
  EXPECT_EQ(coco::overlap_thresholds()[9], 0.95);
}

// ---- against pycocotools

CocoDataset dataset_of(const Json& entry) {
  CocoDataset dataset{"case", {}, {}, {}};
  for (const auto& id : entry.at("images")) dataset.images.push_back({id.get<std::int64_t>(), "x", 0, 0});
  for (const auto& id : entry.at("categories")) dataset.categories.push_back({id.get<std::int64_t>(), id.dump()});
  for (const auto& a : entry.at("annotations"))
    dataset.annotations.push_back({a[0], a[1], a[2], {a[5], a[6], a[7], a[8]}, a[4], a[3] == 1, false});
  return dataset;
}

std::vector<Detection> detections_of(const Json& entry) {
  std::vector<Detection> detections;
  for (const auto& d : entry.at("detections")) detections.push_back({d[0], d[1], d[2], {d[3], d[4], d[5], d[6]}});
  return detections;
}

void expect_near(double ours, const Json& theirs, const std::string& what) {
  EXPECT_NEAR(ours, theirs.is_null() ? -1 : theirs.get<double>(), kTolerance) << what;
}

void expect_case(const Json& entry, const std::string& name) {
  const auto selected = select_images(dataset_of(entry), {.max_images = {}, .ids = entry.at("subset").get<std::vector<std::int64_t>>()});
  const auto metrics = evaluate_coco(selected, select_detections(detections_of(entry), selected), 2);
  const auto stats = stats_of(metrics);
  for (std::size_t i = 0; i < stats.size(); ++i) expect_near(stats[i], entry.at("stats").at(i), name + ", number " + std::to_string(i));
  for (std::size_t k = 0; k < metrics.per_class.size(); ++k) {
    expect_near(metrics.per_class[k].ap_50_95, entry.at("per_class").at(k), name + ", class");
    expect_near(metrics.per_class[k].ap_50, entry.at("per_class_50").at(k), name + ", class at 0.5");
  }
}

// NIBBLE_COCO_CASES may name a larger file made by tests/oracle/coco_map.py.
TEST(CocoMapGolden, RandomCasesEqualPycocotools) {
  const char* larger = std::getenv("NIBBLE_COCO_CASES");
  const Json cases = read_json(larger ? fs::path(larger) : fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/coco_map/cases.json");
  ASSERT_GE(cases.size(), 16U);
  for (std::size_t i = 0; i < cases.size(); ++i)
    expect_case(cases[i], "case " + std::to_string(i) + " (" + cases[i].at("kind").get<std::string>() + ")");
}

TEST(CocoMapShared, ARealEvaluationEqualsPycocotools) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "needs ../shared or NIBBLE_SHARED";
  const Json expected = read_json(*shared / "reference/coco/pycocotools_val100.json");
  const auto truth = select_images(read_coco(*shared / "coco/annotations/instances_val2017.json"), {.max_images = 100, .ids = {}});
  const auto metrics = evaluate_coco(truth, read_detections(*shared / "reference/coco/detections_val100.json"));
  const std::array<const char*, 12> names = {"AP",   "AP50",  "AP75",   "AP_small", "AP_medium", "AP_large",
                                             "AR_1", "AR_10", "AR_100", "AR_small", "AR_medium", "AR_large"};
  const auto stats = stats_of(metrics);
  for (std::size_t i = 0; i < names.size(); ++i) expect_near(stats[i], expected.at(names[i]), names[i]);
  ASSERT_EQ(metrics.per_class.size(), expected.at("AP_per_class").size());
  for (const auto& row : metrics.per_class) expect_near(row.ap_50_95, expected.at("AP_per_class").at(row.name), row.name);
  EXPECT_EQ(metrics.num_detections, expected.at("detections").get<std::int64_t>());
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The golden cases are the answers of pycocotools and Ultralytics (tests/golden/mask_map, made by tests/oracle/mask_map.py).
#include "eval/mask_map.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/json.h"
#include "data/outlines.h"
#include "eval/coco_map.h"
#include "support/scratch.h"

namespace nibble {
namespace {

constexpr double kMaskTolerance = 1e-9;

Json mask_golden() { return read_json(NIBBLE_SOURCE_DIR "/tests/golden/mask_map/cases.json"); }

RunLengths runs_in(const Json& rle) { return runs_of_text(rle["counts"].get<std::string>(), rle["size"][0], rle["size"][1]); }

class MaskMapGolden : public test::Scratch {};

/// Polygons, run lengths as numbers and as text, through the file.
TEST_F(MaskMapGolden, EqualsPycocotools) {
  const auto cases = mask_golden()["cases"];
  ASSERT_EQ(cases.size(), 10U);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto& each = cases[i];
    const auto path = folder() / "truth.json";
    write_file(path, each["ground_truth"].dump());
    std::vector<Outline> outlines;
    const auto reader = outline_reader(outlines);
    const auto set = read_coco(path, OnBadData::stop, &reader);
    std::vector<RunLengths> truths(outlines.size()), masks;
    for (const auto& a : set.annotations)
      for (const auto& image : set.images)
        if (image.id == a.image_id) truths[a.entry] = mask_of(outlines.at(a.entry), image.height_px, image.width_px);
    for (std::size_t a = 0; a < truths.size(); ++a) EXPECT_EQ(area_of(truths[a]), each["areas"][a].get<std::int64_t>()) << i << ", " << a;
    std::vector<Detection> detections;
    for (const auto& result : each["results"]) {
      detections.push_back({result["image_id"], result["category_id"], result["score"], {0, 0, 1, 1}});
      masks.push_back(runs_in(result["segmentation"]));
    }
    const auto numbers = numbers_of(evaluate_masks(set, truths, detections, masks, {.resamples = 0}).metrics);
    for (std::size_t k = 0; k < numbers.size(); ++k)
      EXPECT_NEAR(numbers[k], each["stats"][k].get<double>(), kMaskTolerance) << i << ", " << kCocoNumberNames[k];
  }
}

/// A logit next to 0 may fall to either side by the order of additions: one pixel of a mask.
TEST(AssembleMask, GivesUltralyticsPixels) {
  const Json golden = mask_golden();
  for (const auto& each : golden["assembled"]) {
    std::vector<float> values;
    for (const auto& plane : each["prototypes"])
      for (const auto& value : plane) values.push_back(value);
    const std::int64_t side = each["side"];
    const Prototypes prototypes{values, static_cast<std::int64_t>(each["prototypes"].size()), side / 4, side / 4};
    const Letterbox letterbox{each["ratio"], each["pad_x"], each["pad_y"], each["width"], each["height"]};
    for (std::size_t i = 0; i < each["masks"].size(); ++i) {
      const std::vector<float> coefficients = each["coefficients"][i];
      const std::array<float, 4> box = each["boxes"][i];
      const auto found = assemble_mask(prototypes, coefficients, box, ImageSize(side), letterbox), wanted = runs_in(each["masks"][i]);
      const double overlap = overlap_of(found, wanted, false);
      EXPECT_LE(static_cast<double>(area_of(found) + area_of(wanted)) * (1 - overlap) / (1 + overlap), 1) << i;
      EXPECT_LE(std::abs(area_of(found) - area_of(wanted)), 1) << i;
    }
  }
}

TEST(RunLengthsTest, AreReadAsCocoWritesThem) {
  const std::vector<std::uint8_t> rows{0, 0, 1, 0};  // 2 x 2, the lower left pixel
  const auto runs = runs_of_pixels(rows, 2, 2);
  EXPECT_EQ(runs.counts, (std::vector<std::uint32_t>{1, 1, 2}));
  EXPECT_EQ(runs_of_numbers({1, 1, 2}, 2, 2).counts, runs.counts);
  EXPECT_EQ(runs_of_text("112", 2, 2).counts, runs.counts);
  EXPECT_EQ(area_of(runs), 1);
  EXPECT_EQ(overlap_of(runs, runs_of_numbers({0, 4}, 2, 2), false), 0.25);
  EXPECT_EQ(overlap_of(runs, runs_of_numbers({0, 4}, 2, 2), true), 1) << "over the area of what is found";
  EXPECT_EQ(area_of(united({runs, runs_of_numbers({2, 2}, 2, 2)})), 3);
  EXPECT_EQ(area_of(runs_of_polygon(std::vector<double>{0, 0, 2, 0, 2, 2, 0, 2}, 4, 4)), 4);
}

TEST(RunLengthsTest, SayWhatIsWrong) {
  const auto refuse = [](const std::string& why, auto make) { test::expect_error(ErrorKind::input, {why}, make); };
  refuse("runs of 3 pixels for an image of 2 x 2", [] { runs_of_numbers({1, 2}, 2, 2); });
  refuse("runs of 5 pixels", [] { runs_of_numbers({5}, 2, 2); });
  refuse("run 0 has the length -1", [] { runs_of_numbers({-1, 5}, 2, 2); });
  refuse("0.5 is no number of pixels", [] { runs_of_numbers({0.5}, 2, 2); });
  refuse("end within a number", [] { runs_of_text("1P", 2, 2); });
  refuse("end within a number", [] { runs_of_text("PPPPPPPPPPPP", 2, 2); });
  refuse("character 1", [] { runs_of_text("1 ", 2, 2); });
  refuse("a polygon of 4 numbers", [] { runs_of_polygon(std::vector<double>{0, 0, 1, 1}, 2, 2); });
  refuse("a corner at", [] { runs_of_polygon(std::vector<double>{0, 0, 1e300, 1, 1, 1}, 2, 2); });
  refuse("2 x 2 pixels against 4 x 1", [] { overlap_of(runs_of_numbers({4}, 2, 2), runs_of_numbers({4}, 1, 4), false); });
  refuse("expected a positive width", [] { runs_of_numbers({}, 0, 2); });
}

/// Even and odd: once and three times round are the same, twice is nothing. Of 5000 lines across the image there are more changes than are
/// kept at once.
TEST(RunLengthsTest, OutlinesOfManyLinesAreFolded) {
  std::vector<double> zigzag;
  for (int i = 0; i < 5000; ++i) zigzag.insert(zigzag.end(), {i % 2 == 0 ? 0.0 : 640.0, i * 0.13});
  const auto times = [&](int count) {
    std::vector<double> points;
    for (int i = 0; i < count; ++i) points.insert(points.end(), zigzag.begin(), zigzag.end());
    return runs_of_polygon(points, 650, 640);
  };
  const auto once = times(1);
  EXPECT_GT(area_of(once), 0);
  EXPECT_EQ(times(3).counts, once.counts);
  EXPECT_EQ(times(2).counts, (std::vector<std::uint32_t>{650 * 640}));
}

/// Lines that lead far out of the image and back take time, but no memory.
TEST(RunLengthsTest, CornersMayLieFarOutsideButNotAnywhere) {
  std::vector<double> points;
  for (int i = 0; i < 400; ++i) points.insert(points.end(), {i % 2 == 0 ? -131071.0 : 131071.0, i * 0.01});
  points.insert(points.end(), {131071.0, 131071.0, -131071.0, 131071.0});
  EXPECT_GT(area_of(runs_of_polygon(points, 100, 100)), 9000);
  points[0] = -131073;
  test::expect_error(ErrorKind::input, {"a corner at -131073 px"}, [&] { runs_of_polygon(points, 100, 100); });
  EXPECT_EQ(area_of(runs_of_polygon(std::vector{0.0, 0.0, 180000.0, 0.0, 180000.0, 1.0, 0.0, 1.0}, 1, 200000)), 180000);
}

class OutlineReader : public test::Scratch {
 protected:
  std::vector<Outline> read(const std::string& segmentation) {
    std::vector<Outline> outlines;
    const auto reader = outline_reader(outlines);
    read_coco(
        file("a.json", R"({"images": [{"id": 1, "file_name": "1.jpg"}], "categories": [{"id": 1, "name": "cat"}], "annotations": [{"id": 1,
      "image_id": 1, "category_id": 1, "bbox": [0, 0, 2, 2])" +
                           segmentation + "}]}"),
        OnBadData::stop, &reader);
    return outlines;
  }
};

TEST_F(OutlineReader, KnowsTheThreeForms) {
  EXPECT_EQ(read(R"(, "segmentation": [[0, 0, 2, 0, 2, 2], [1, 1, 2, 1, 2, 2]])").at(0).polygons_px.size(), 2U);
  EXPECT_EQ(read(R"(, "segmentation": {"size": [2, 2], "counts": [1, 1, 2]})").at(0).counts, (std::vector<double>{1, 1, 2}));
  EXPECT_EQ(read(R"(, "segmentation": {"counts": "112", "size": [2, 2]})").at(0).text, "112");
}

TEST_F(OutlineReader, SaysWhatIsWrong) {
  const auto refuse = [&](const std::string& segmentation, const std::string& why) {
    test::expect_error(ErrorKind::input, {"annotations[0].segmentation", why}, [&] { read(segmentation); });
  };
  refuse("", "the key is missing");
  refuse(R"(, "segmentation": [])", "expected an array of arrays of numbers, found an array of numbers");
  refuse(R"(, "segmentation": [[1, 2], 3])", "found an object or mixed array");
  refuse(R"(, "segmentation": {"size": [2], "counts": "112"})", "expected height and width");
  refuse(R"(, "segmentation": {"size": [2, 2], "counts": {}})", "segmentation");
  refuse(R"(, "segmentation": {"size": [2, 2]})", "expected run lengths");
  test::expect_error(ErrorKind::input, {"run lengths of 2 x 2 pixels, the image has 3 x 4"},
                     [&] { mask_of(read(R"(, "segmentation": {"size": [2, 2], "counts": [4]})").at(0), 4, 3); });
}

}  // namespace
}  // namespace nibble

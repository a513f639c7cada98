// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <limits>

#include "eval/detection.h"
#include "support/npy.h"
#include "support/scratch.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using test::expect_error;
using test::read_npy;
using testing::ElementsAre;

const fs::path kGoldens = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/nms";
const Letterbox kWholeInput{1, 0, 0, 640, 640};
const std::vector<std::int64_t> kStrides = {8, 16, 32};

std::vector<Detection> decode(const Tensor& output, OutputKind kind, std::int64_t classes, const Letterbox& letterbox = kWholeInput,
                              const DecodeOptions& options = {}) {
  return decode_output(output, 0, kind, classes, kStrides, letterbox, 7, 640, options);
}

/// `expected` rows: x1, y1, x2, y2, score, class in input pixels; the image is the input, so boxes are clipped to it.
void expect_equal_rows(const std::vector<Detection>& detections, const Tensor& expected, double box_tolerance, double score_tolerance) {
  const auto rows = expected.as<float>();
  ASSERT_EQ(detections.size(), rows.size() / 6);
  for (std::size_t i = 0; i < detections.size(); ++i) {
    const auto row = rows.subspan(i * 6, 6);
    const auto& box = detections[i].box_xywh_px;
    const auto clip = [](float v) { return std::clamp(v, 0.0F, 640.0F); };
    EXPECT_NEAR(box[0], clip(row[0]), box_tolerance) << i;
    EXPECT_NEAR(box[1], clip(row[1]), box_tolerance) << i;
    EXPECT_NEAR(box[2], clip(row[2]) - clip(row[0]), box_tolerance) << i;
    EXPECT_NEAR(box[3], clip(row[3]) - clip(row[1]), box_tolerance) << i;
    EXPECT_NEAR(detections[i].score, row[4], score_tolerance) << i;
    EXPECT_EQ(detections[i].category_id, static_cast<std::int64_t>(row[5])) << i;
    EXPECT_EQ(detections[i].image_id, 7);
  }
}

TEST(Decode, One2ManyEqualsUltralyticsBitForBit) {
  expect_equal_rows(decode(read_npy(kGoldens / "prediction.npy"), OutputKind::one2many, 10), read_npy(kGoldens / "expected_prediction.npy"),
                    0, 0);
}

TEST(Decode, LimitsCandidatesAndDetections) {
  const auto output = read_npy(kGoldens / "prediction.npy");
  const auto all = decode(output, OutputKind::one2many, 10);
  const auto five = decode(output, OutputKind::one2many, 10, kWholeInput, {.max_detections = 5});
  ASSERT_EQ(five.size(), 5U);
  EXPECT_EQ(five[4].score, all[4].score);
  const auto one = decode(output, OutputKind::one2many, 10, kWholeInput, {.pre_nms_top_k = 1});
  ASSERT_EQ(one.size(), 1U);
  EXPECT_EQ(one[0].box_xywh_px, all[0].box_xywh_px);
  for (const auto& detection : decode(output, OutputKind::one2many, 10, kWholeInput, {.confidence = 0.5})) EXPECT_GT(detection.score, 0.5);
}

TEST(Decode, BestClassOnlyGivesEachBoxOneClass) {
  // Two anchors far apart, three classes: 0.6/0.5/0.1 and 0.3/0.3/0.2, so that of equal scores the lower class is taken.
  const auto output = Tensor::of<float>({1, 7, 2}, {50, 300, 50, 300, 20, 20, 20, 20, 0.6F, 0.3F, 0.5F, 0.3F, 0.1F, 0.2F});
  DecodeOptions options{.confidence = 0.25};
  EXPECT_EQ(decode(output, OutputKind::one2many, 3, kWholeInput, options).size(), 4U);
  options.best_class_only = true;
  const auto found = decode(output, OutputKind::one2many, 3, kWholeInput, options);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].category_id, 0);
  EXPECT_FLOAT_EQ(static_cast<float>(found[0].score), 0.6F);
  EXPECT_EQ(found[1].category_id, 0);
  EXPECT_FLOAT_EQ(static_cast<float>(found[1].score), 0.3F);
}

TEST(Decode, One2OneKeepsRowsAboveTheThresholdBestFirst) {
  const auto output = Tensor::of<float>({1, 3, 6}, {10, 20, 30, 60, 0.5F, 2,  //
                                                    0, 0, 1, 1, 0.001F, 0,    // not above
                                                    -5, 600, 700, 650, 0.9F, 1});
  const auto found = decode(output, OutputKind::one2one, 3);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].category_id, 1);
  EXPECT_THAT(found[0].box_xywh_px, ElementsAre(0, 600, 640, 40));
  EXPECT_THAT(found[1].box_xywh_px, ElementsAre(10, 20, 20, 40));
  EXPECT_EQ(decode(output, OutputKind::one2one, 3, kWholeInput, {.max_detections = 1}).size(), 1U);
}

TEST(Decode, UndoesTheLetterbox) {
  // 500 x 302 at ratio 1.28 with 126 rows of border: x / 1.28, (y - 126) / 1.28.
  const auto output = Tensor::of<float>({1, 2, 6}, {128, 254, 256, 382, 0.9F, 0, 0, 100, 640, 640, 0.8F, 0});
  const auto found = decode(output, OutputKind::one2one, 1, {1.28, 0, 126, 500, 302});
  EXPECT_THAT(found[0].box_xywh_px, ElementsAre(100, 100, 100, 100));
  EXPECT_THAT(found[1].box_xywh_px, ElementsAre(0, 0, 500, 302));
}

TEST(Decode, RawTurnsDistributionsIntoBoxes) {
  // One class, 32 px input, stride 32: one anchor at cell centre 0.5. Sharp distributions: distances 0, 0.25 (bins 0 and 1
  // as 3 to 1), 0.5, 0 cells.
  std::vector<float> values(65, -50.0F);
  values[0] = 50;
  values[16] = std::log(3.0F);
  values[17] = 0;
  values[32] = values[33] = 10;
  values[48] = 50;
  values[64] = 0;  // score 0.5
  const auto found = decode_output(Tensor::of<float>({1, 65, 1}, values), 0, OutputKind::raw, 1, {32}, {1, 0, 0, 32, 32}, 7, 32, {});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_FLOAT_EQ(static_cast<float>(found[0].score), 0.5F);
  const std::array<double, 4> expected = {16, 8, 16, 8};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_NEAR(found[0].box_xywh_px[i], expected[i], 1e-5);
}

TEST(Decode, AnchorsOfARectangleRunAlongItsRows) {
  // Height 32, width 64 at stride 32: anchors at x 16 and 48, y 16. All distances half a cell, so that boxes are whole cells.
  std::vector<float> values(65 * 2, -50.0F);
  for (std::size_t anchor = 0; anchor < 2; ++anchor) {
    for (std::size_t side = 0; side < 4; ++side) values[side * 16 * 2 + anchor] = values[(side * 16 + 1) * 2 + anchor] = 10;
    values[64 * 2 + anchor] = 1.0F - static_cast<float>(anchor);
  }
  const auto output = Tensor::of<float>({1, 65, 2}, values);
  const auto found = decode_output(output, 0, OutputKind::raw, 1, {32}, {1, 0, 0, 64, 32}, 7, {32, 64}, {});
  ASSERT_EQ(found.size(), 2U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(found[0].box_xywh_px[i], (std::array<double, 4>{0, 0, 32, 32})[i], 1e-4);
    EXPECT_NEAR(found[1].box_xywh_px[i], (std::array<double, 4>{32, 0, 32, 32})[i], 1e-4);
  }
  const auto turned = decode_output(output, 0, OutputKind::raw, 1, {32}, {1, 0, 0, 32, 64}, 7, {64, 32}, {});
  EXPECT_NEAR(turned.at(1).box_xywh_px[1], 32, 1e-4);
  expect_error(ErrorKind::input, {"32 x 96"}, [&] {
    decode_output(output, 0, OutputKind::raw, 1, {32}, {1, 0, 0, 96, 32}, 7, {32, 96}, {});
  });
}

TEST(Decode, ReadsTheImageOfTheBatchThatIsAskedFor) {
  const auto output = Tensor::of<float>({2, 1, 6}, {0, 0, 9, 9, 0.9F, 0, 0, 0, 5, 5, 0.8F, 0});
  EXPECT_EQ(decode_output(output, 1, OutputKind::one2one, 1, {}, kWholeInput, 3, 640, {}).at(0).box_xywh_px[2], 5);
  expect_error(ErrorKind::internal, {"no image 2"}, [&] { decode_output(output, 2, OutputKind::one2one, 1, {}, kWholeInput, 3, 640, {}); });
}

TEST(Decode, RefusesValuesThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto output = Tensor::of<float>({1, 5, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 0.5F, bad});
    expect_error(ErrorKind::numeric, {"image 7", "value 9"}, [&] { decode(output, OutputKind::one2many, 1); });
  }
}

TEST(Decode, RefusesWhatDoesNotFitTogether) {
  const auto row = Tensor::of<float>({1, 1, 6}, {0, 0, 9, 9, 0.9F, 5});
  expect_error(ErrorKind::input, {"class 5 is not one of 3"}, [&] { decode(row, OutputKind::one2one, 3); });
  const auto raw = Tensor::of<float>({1, 65, 1}, std::vector<float>(65));
  expect_error(ErrorKind::input, {"8400 anchors", "has 1"}, [&] { decode(raw, OutputKind::raw, 1); });
  expect_error(ErrorKind::internal, {"does not fit"}, [&] { decode(raw, OutputKind::one2many, 1); });
  const std::vector<std::int64_t> fine(100'000, 1);  // 41 thousand million anchors: refused before memory is taken for them
  expect_error(ErrorKind::input, {"40960000000 anchors"},
               [&] { decode_output(raw, 0, OutputKind::raw, 1, fine, kWholeInput, 7, 640, {}); });
  expect_error(ErrorKind::usage, {"iou"}, [&] { decode(row, OutputKind::one2one, 6, kWholeInput, {.iou = 1.5}); });
  expect_error(ErrorKind::usage, {"confidence"}, [&] { decode(row, OutputKind::one2one, 6, kWholeInput, {.confidence = std::nan("")}); });
  expect_error(ErrorKind::usage, {"max_detections"}, [&] { decode(row, OutputKind::one2one, 6, kWholeInput, {.max_detections = 0}); });
}

/// Outputs that look like detections and are none: numbers would come of them, and mean nothing.
TEST(Decode, RefusesOtherColumnsAndUnits) {
  const auto one2one = [](const std::vector<float>& row) {
    return [row] { decode(Tensor::of<float>({1, 1, 6}, row), OutputKind::one2one, 80); };
  };
  expect_error(ErrorKind::unsupported, {"image 7", "a score is 56", "other columns"}, one2one({10, 20, 30, 60, 56, 0.9F}));
  expect_error(ErrorKind::unsupported, {"a score is 92.5", "shares of 100"}, one2one({10, 20, 30, 60, 92.5F, 3}));
  expect_error(ErrorKind::unsupported, {"row 0", "the class is 3.5"}, one2one({10, 20, 30, 60, 0.9F, 3.5F}));
  EXPECT_NO_THROW(one2one({10, 20, 30, 60, 1.05F, 3.05F})()) << "as rounding moves them";
  const auto one2many = [](float score) {
    return [score] { decode(Tensor::of<float>({1, 5, 1}, {50, 50, 20, 20, score}), OutputKind::one2many, 1); };
  };
  expect_error(ErrorKind::unsupported, {"a score is -4.5", "logits"}, one2many(-4.5F));
  expect_error(ErrorKind::unsupported, {"a score is 2.5", "logits"}, one2many(2.5F));
  EXPECT_NO_THROW(one2many(-0.05F)());
}

TEST(MapClasses, TurnsIndicesIntoCategoryIds) {
  CocoDataset dataset{"set.json", {}, {}, {{1, "person"}, {18, "dog"}}};
  std::vector<Detection> detections = {{1, 1, 0.5, {}}, {1, 0, 0.5, {}}};
  map_classes(detections, dataset);
  EXPECT_EQ(detections[0].category_id, 18);
  EXPECT_EQ(detections[1].category_id, 1);
  std::vector<Detection> unknown = {{1, 2, 0.5, {}}};
  expect_error(ErrorKind::input, {"set.json", "class 2", "2 categories"}, [&] { map_classes(unknown, dataset); });
}

class DecodeShared : public testing::Test {
 protected:
  void SetUp() override {
    shared_ = test::shared_folder();
    if (!shared_) GTEST_SKIP() << "needs ../shared or NIBBLE_SHARED";
  }
  Tensor reference(const std::string& name) const {
    const auto output = read_npy(*shared_ / "reference/ultralytics" / name);
    Shape shape = output.shape();
    if (shape.size() == 2) shape.insert(shape.begin(), 1);
    return output.reshaped(shape);
  }
  /// [1,84,8400] with corners turned into centre and size, as tests/oracle/nms.py does.
  Tensor one2many_reference() const {
    constexpr std::size_t kAnchors = 8400;
    const auto output = reference("yolov10n_one2one_84x8400.npy");
    const auto source = output.as<float>();
    std::vector<float> values(source.begin(), source.end());
    for (std::size_t i = 0; i < 2 * kAnchors; ++i) {
      values[i] = (source[i] + source[i + 2 * kAnchors]) / 2;
      values[i + 2 * kAnchors] = source[i + 2 * kAnchors] - source[i];
    }
    return Tensor::of<float>({1, 84, kAnchors}, std::move(values));
  }
  std::optional<fs::path> shared_;
};

TEST_F(DecodeShared, ARealOutputGivesUltralyticsDetections) {
  const auto expected = read_npy(kGoldens / "expected_full.npy");
  expect_equal_rows(decode(one2many_reference(), OutputKind::one2many, 80), expected, 0, 0);
  expect_equal_rows(decode(reference("yolov10n_one2one_raw_144x8400.npy"), OutputKind::raw, 80), expected, 2e-3, 1e-5);
}

TEST_F(DecodeShared, ARealOutputGivesUltralyticsBoxesInTheImage) {
  const auto found = decode(one2many_reference(), OutputKind::one2many, 80, {1.28, 0, 126, 500, 302});
  const auto output = read_npy(kGoldens / "expected_image.npy");
  const auto expected = output.as<float>();
  ASSERT_EQ(found.size(), expected.size() / 4);
  for (std::size_t i = 0; i < found.size(); ++i)
    for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(found[i].box_xywh_px[k], expected[i * 4 + k]) << i << ", " << k;
}

}  // namespace
}  // namespace nibble

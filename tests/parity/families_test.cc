// SPDX-License-Identifier: Apache-2.0
// Small checkpoints of every family that nibble reads, with random weights, against what Ultralytics answers with them in FP32
// (tests/golden/families, made by tests/oracle/families.py): exported and run in ONNX Runtime.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "graph/rewrites.h"
#include "outputs.h"
#include "support/npy.h"
#include "support/scratch.h"
#include "yolo/detector.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(NIBBLE_SOURCE_DIR) / "tests" / "golden" / "families";
constexpr std::int64_t kSize = 64, kClasses = 2;
constexpr double kScoreTolerance = 1e-4, kBoxTolerance_px = 0.02;

class FamiliesTest : public testing::TestWithParam<std::string> {
 protected:
  static Checkpoint checkpoint() { return read_checkpoint(kFolder / (GetParam() + ".pt")); }
  static Tensor input() { return test::read_npy(kFolder / "input.npy"); }
  static Tensor golden(const std::string& head) { return test::read_npy(kFolder / (GetParam() + "_" + head + ".npy")); }
  static bool has_one2one() { return fs::exists(kFolder / (GetParam() + "_one2one.npy")); }
  static Tensor run(Head head, bool half = false) {
    Detector detector = build_baseline(checkpoint(), {.head = head, .image_size = kSize});
    if (half) detector.graph = nibble::to_half(detector.graph).graph;
    return parity::run_exported(detector.graph, input());
  }
};

TEST_P(FamiliesTest, AnswersAsUltralyticsDoes) { parity::expect_equal_decoded(run(Head::one2many), golden("one2many")); }

/// Every detection of the end-to-end output is a box, score and class of the golden branch, best first.
TEST_P(FamiliesTest, EndToEndPicksTheBestOfTheOtherBranch) {
  if (!has_one2one()) {
    test::expect_error(ErrorKind::unsupported, {"one2one", "--head can be one2many, raw"}, [] { run(Head::one2one); });
    return;
  }
  const Tensor detections = run(Head::one2one), all = golden("one2one");
  const auto rows = detections.as<float>(), expected = all.as<float>();
  const auto anchors = static_cast<std::size_t>(all.shape()[2]);
  const std::vector<float> scores(expected.begin() + static_cast<std::ptrdiff_t>(4 * anchors), expected.end());
  EXPECT_NEAR(rows[4], *std::max_element(scores.begin(), scores.end()), kScoreTolerance);
  for (std::size_t i = 0; i * 6 < rows.size(); ++i) {
    const auto* row = &rows[i * 6];
    const auto label = static_cast<std::size_t>(row[5]);
    ASSERT_LT(label, static_cast<std::size_t>(kClasses));
    bool is_there = false;
    for (std::size_t anchor = 0; anchor < anchors && !is_there; ++anchor) {
      is_there = std::abs(expected[(4 + label) * anchors + anchor] - row[4]) < kScoreTolerance;
      for (std::size_t side = 0; side < 4; ++side)
        is_there = is_there && std::abs(expected[side * anchors + anchor] - row[side]) < kBoxTolerance_px;
    }
    ASSERT_TRUE(is_there) << "detection " << i;
  }
}

/// To 3 % of the range that scores have, as FP16 with its 11 bits of mantissa allows through some fifty layers.
TEST_P(FamiliesTest, HalfPrecisionAnswersNearly) {
  const Tensor half = run(Head::one2many, true), whole = golden("one2many");
  const auto anchors = static_cast<std::size_t>(whole.shape()[2]);
  const auto a = half.as<float>(), b = whole.as<float>();
  for (std::size_t i = 4 * anchors; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 0.03) << "element " << i;
}

TEST_P(FamiliesTest, SaysWhatItIs) {
  const auto summary = summarize_model(checkpoint());
  EXPECT_EQ(summary.info.class_names.at(1), "class 1");
  EXPECT_TRUE(GetParam().starts_with(summary.info.family)) << summary.info.family;
}

INSTANTIATE_TEST_SUITE_P(Kinds, FamiliesTest,
                         testing::Values("yolov3-tiny", "yolov5-p6", "yolov8", "yolov8-ghost", "yolov9t", "yolov9e", "yolo11", "yolo12",
                                         "yolo12-authors", "yolo26", "yolov9-authors", "yolov9-authors-triple", "yolov9-authors-fused",
                                         "yolov9-authors-detect", "yolov9-authors-detect-dual", "yolov9-authors-detect-triple"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace nibble

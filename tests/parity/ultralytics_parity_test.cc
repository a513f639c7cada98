// SPDX-License-Identifier: Apache-2.0
// The float baseline, exported and run in ONNX Runtime, against what Ultralytics 8.2.50 answers in FP32 to the same image
// (../shared/reference/ultralytics): class scores to 1e-4, boxes to 0.02 px, raw logits to 1e-3 of their largest magnitude.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "data/image.h"
#include "graph/rewrites.h"
#include "outputs.h"
#include "support/npy.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using namespace parity;

fs::path shared() {
  const char* folder = std::getenv("NIBBLE_SHARED");
  return folder != nullptr ? fs::path(folder) : fs::path(NIBBLE_SOURCE_DIR) / ".." / "shared";
}
fs::path reference(const std::string& file) { return shared() / "reference" / "ultralytics" / file; }

/// [1,3,640,640]: the letterboxed image is 640 x 640 already, so reading it changes nothing.
Tensor image() { return stack_images({read_network_image(reference("000000000139_letterbox640.png"), 640)}); }

/// The image `batch` times.
Tensor repeated(const Tensor& one, std::int64_t batch) {
  const auto source = one.as<float>();
  std::vector<float> values;
  for (std::int64_t i = 0; i < batch; ++i) values.insert(values.end(), source.begin(), source.end());
  return Tensor::of<float>({batch, 3, 640, 640}, std::move(values));
}

class UltralyticsParityTest : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (!fs::exists(weights())) GTEST_SKIP() << weights() << " is missing; set NIBBLE_SHARED to the folder of the shared material";
  }

  fs::path weights() const { return shared() / "weights" / (GetParam() + ".pt"); }
  Tensor golden(const std::string& what) const { return test::read_npy(reference(GetParam() + "_" + what + ".npy")); }

  /// The only output for `images`.
  Tensor run(const BuildOptions& options, const Tensor& images, bool half = false) const {
    Detector detector = build_baseline(read_checkpoint(weights()), options);
    if (half) detector.graph = to_half(detector.graph).graph;
    return run_exported(detector.graph, images);
  }
};

/// Of weights that have references of the one2many branch; those of yolov10n are in tests/golden (yolov10n_heads_test.cc).
using UltralyticsParityOne2ManyTest = UltralyticsParityTest;

/// Ultralytics 8.2.50 decodes both branches of a v10 head to x1,y1,x2,y2; one2many is cx,cy,w,h here, as its exports have it.
Tensor with_centred_boxes(const Tensor& corners) {
  const auto anchors = static_cast<std::size_t>(corners.shape()[2]);
  std::vector<float> values(corners.as<float>().begin(), corners.as<float>().end());
  for (std::size_t a = 0; a < anchors; ++a)
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const float low = values[axis * anchors + a];
      const float high = values[(axis + 2) * anchors + a];
      values[axis * anchors + a] = (low + high) / 2;
      values[(axis + 2) * anchors + a] = high - low;
    }
  return Tensor::of<float>(corners.shape(), std::move(values));
}

/// Nearly equal scores may come in another order, and the last ones may fall on either side of the end of the list: each
/// expected detection clearly above the last score must be found once, and scores must match in order.
void expect_equal_detections(const std::vector<Detection>& found, const std::vector<Detection>& expected, double margin) {
  ASSERT_EQ(found.size(), expected.size());
  std::vector<bool> taken(found.size(), false);
  std::size_t compared = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_NEAR(found[i].score, expected[i].score, kScoreTolerance) << "rank " << i;
    if (i > 0) {
      EXPECT_GE(found[i - 1].score, found[i].score) << "rank " << i;
    }
    if (expected[i].score <= expected.back().score + margin) continue;
    ++compared;
    bool matched = false;
    for (std::size_t k = 0; k < found.size() && !matched; ++k) {
      matched = !taken[k] && are_equal(found[k], expected[i]);
      if (matched) taken[k] = true;
    }
    EXPECT_TRUE(matched) << "rank " << i << ", class " << expected[i].label << ", score " << expected[i].score;
  }
  EXPECT_GT(compared, 0U) << "every score is as low as the last one";
}

TEST_P(UltralyticsParityTest, RawOne2One) {
  expect_equal_logits(run({.head = Head::raw_one2one}, image()), golden("one2one_raw_144x8400"));
}

TEST_P(UltralyticsParityOne2ManyTest, RawOne2Many) {
  expect_equal_logits(run({.head = Head::raw}, image()), golden("one2many_raw_144x8400"));
}

TEST_P(UltralyticsParityOne2ManyTest, DecodedOne2Many) {
  expect_equal_decoded(run({.head = Head::one2many}, image()), with_centred_boxes(golden("one2many_84x8400")));
}

/// Its branches hold the same weights up to the rounding of their BatchNorms to FP16 (README of the shared material).
TEST(UltralyticsParityBranchTest, BothBranchesOfYolov10nAnswerAlike) {
  const fs::path file = shared() / "weights" / "yolov10n.pt";
  if (!fs::exists(file)) GTEST_SKIP() << file << " is missing; set NIBBLE_SHARED to the folder of the shared material";
  const auto found = run_exported(build_baseline(read_checkpoint(file), {.head = Head::one2many}).graph, image());
  const auto expected = with_centred_boxes(test::read_npy(reference("yolov10n_one2one_84x8400.npy")));
  ASSERT_EQ(found.shape(), expected.shape());
  EXPECT_LT(row_difference(found, expected, 0, kBoxRows), 0.5);
  EXPECT_LT(row_difference(found, expected, kBoxRows, expected.shape()[1]), 5e-3);
}

/// The reference's boxes of the one2one branch are x1,y1,x2,y2, before the top-k: every detection must be one of them.
TEST_P(UltralyticsParityTest, One2OneBoxesAreAmongTheDecodedOnes) {
  const auto decoded = golden("one2one_84x8400");
  const auto values = decoded.as<float>();
  const auto anchors = static_cast<std::size_t>(decoded.shape()[2]);
  for (const auto& detection : detections_of(run({.head = Head::one2one}, image()))) {
    bool matched = false;
    for (std::size_t a = 0; a < anchors && !matched; ++a) {
      const auto at = [&](int row) { return static_cast<double>(values[static_cast<std::size_t>(row) * anchors + a]); };
      matched = are_equal(detection, {{at(0), at(1), at(2), at(3)}, at(4 + detection.label), detection.label});
    }
    EXPECT_TRUE(matched) << "class " << detection.label << ", score " << detection.score;
  }
}

TEST_P(UltralyticsParityTest, One2OneDetections) {
  const auto found = run({.head = Head::one2one}, image());
  const auto expected = golden("one2one_300x6");
  ASSERT_EQ(found.shape(), expected.shape());
  expect_equal_detections(detections_of(found), detections_of(expected), 1e-7);
}

TEST_P(UltralyticsParityTest, AFreeBatchGivesTheSameForEachImage) {
  const auto found = run({.head = Head::one2one, .batch = -1}, repeated(image(), 2));
  const auto expected = golden("one2one_300x6");
  ASSERT_EQ(found.shape(), (Shape{2, 300, kColumns}));
  for (const std::int64_t i : {0, 1}) expect_equal_detections(detections_of(found, i), detections_of(expected), 1e-7);
}

TEST_P(UltralyticsParityTest, HalfIsCloseToFloat) {
  const auto found = run({.head = Head::raw_one2one}, image(), true);
  const auto expected = golden("one2one_raw_144x8400");
  ASSERT_EQ(found.shape(), expected.shape());
  const auto difference = row_difference(found, expected, 0, expected.shape()[1]);
  EXPECT_LT(difference, 0.03 * largest_magnitude(expected));
  EXPECT_GT(difference, 1e-6) << "nothing was computed in half precision";
}

std::string test_name(const testing::TestParamInfo<std::string>& test) {
  std::string name = test.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Weights, UltralyticsParityTest, testing::Values("yolov10n", "yolov10m-untrained"), test_name);
INSTANTIATE_TEST_SUITE_P(Weights, UltralyticsParityOne2ManyTest, testing::Values("yolov10m-untrained"), test_name);

}  // namespace
}  // namespace nibble

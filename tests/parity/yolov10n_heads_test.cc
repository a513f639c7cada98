// SPDX-License-Identifier: Apache-2.0
// Both branches of assets/yolov10n.pt, exported and run in ONNX Runtime, against the checkpoint's own modules in FP32 at 158
// of the 8400 anchors (tests/golden/yolov10n_heads). The branches differ there by 0.033 in a logit, 0.063 px and 1.2e-3 in
// score, each more than its tolerance, so that answering with the other branch fails.
#include <gtest/gtest.h>

#include "base/files.h"
#include "data/image.h"
#include "outputs.h"
#include "support/npy.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using namespace parity;

constexpr std::size_t kBestAnchors = 20;  // BEST of tests/oracle/yolov10n_heads.py

fs::path source(const std::string& path) { return fs::path(NIBBLE_SOURCE_DIR) / path; }
fs::path golden_file(const std::string& file) { return source("tests/golden/yolov10n_heads") / file; }
Tensor golden(const std::string& name) { return test::read_npy(golden_file(name + ".npy")); }
NetworkImage image() { return read_network_image(source("assets/coco/val2017/000000000139.jpg"), 640); }

Tensor answer(Head head) {
  return run_exported(build_baseline(read_checkpoint(source("assets/yolov10n.pt")), {.head = head}).graph, stack_images({image()}));
}

/// [1,C,8400] cut to the golden's anchors.
Tensor at_chosen_anchors(const Tensor& all) {
  const auto chosen_tensor = golden("anchors");
  const auto chosen = chosen_tensor.as<float>();
  const auto values = all.as<float>();
  const auto anchors = static_cast<std::size_t>(all.shape().at(2));
  std::vector<float> cut;
  for (std::size_t row = 0; row < static_cast<std::size_t>(all.shape()[1]); ++row)
    for (const float anchor : chosen) cut.push_back(values[row * anchors + static_cast<std::size_t>(anchor)]);
  return Tensor::of<float>({1, all.shape()[1], static_cast<std::int64_t>(chosen.size())}, std::move(cut));
}

Tensor chosen_answer(Head head, std::int64_t rows) {
  auto all = answer(head);
  EXPECT_EQ(all.shape(), (Shape{1, rows, 8400}));
  return at_chosen_anchors(all);
}

/// The detection of `label` at an anchor of a decoded tensor.
Detection decoded_at(const Tensor& decoded, std::size_t anchor, int label) {
  const auto values = decoded.as<float>();
  const auto anchors = static_cast<std::size_t>(decoded.shape()[2]);
  const auto at = [&](std::int64_t row) { return static_cast<double>(values[static_cast<std::size_t>(row) * anchors + anchor]); };
  return {{at(0), at(1), at(2), at(3)}, at(kBoxRows + label), label};
}

TEST(Yolov10nHeadsTest, TheImageIsTheOraclesPixelForPixel) {
  EXPECT_EQ(sha256_of(image().pixels.bytes()) + "\n", read_file(golden_file("input.sha256")));
}

TEST(Yolov10nHeadsTest, RawOne2One) { expect_equal_logits(chosen_answer(Head::raw_one2one, 144), golden("one2one_raw")); }
TEST(Yolov10nHeadsTest, RawOne2Many) { expect_equal_logits(chosen_answer(Head::raw, 144), golden("one2many_raw")); }
TEST(Yolov10nHeadsTest, DecodedOne2Many) { expect_equal_decoded(chosen_answer(Head::one2many, 84), golden("one2many_decoded")); }

/// The golden has the anchors of the 20 best scores, so the first 20 detections must all be at one of them.
TEST(Yolov10nHeadsTest, TheBestOne2OneDetectionsAreAmongTheDecodedOnes) {
  const auto decoded = golden("one2one_decoded");
  const auto detections = detections_of(answer(Head::one2one));
  ASSERT_GE(detections.size(), kBestAnchors);
  for (std::size_t rank = 0; rank < kBestAnchors; ++rank) {
    bool matched = false;
    for (std::size_t anchor = 0; anchor < static_cast<std::size_t>(decoded.shape()[2]) && !matched; ++anchor)
      matched = are_equal(detections[rank], decoded_at(decoded, anchor, detections[rank].label));
    EXPECT_TRUE(matched) << "rank " << rank << ", class " << detections[rank].label << ", score " << detections[rank].score;
  }
}

}  // namespace
}  // namespace nibble

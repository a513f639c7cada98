// SPDX-License-Identifier: Apache-2.0
// The decoded heads against a plain decoding of the raw ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support/naive_eval.h"
#include "yolo/detector.h"
#include "yolo/test_tiny_model.h"

namespace nibble {
namespace {

using test::kTinyAnchors;
using test::kTinySize;

constexpr std::size_t kClasses = 3;
constexpr auto kAnchors = static_cast<std::size_t>(kTinyAnchors);

struct Decoded {
  std::array<double, 4> corners{};
  std::array<double, kClasses> scores{};
};

/// x, y in cells and the stride, of the cells of stride 2, then of stride 4, row by row.
std::vector<std::array<double, 3>> anchors_of(const ImageSize& size) {
  std::vector<std::array<double, 3>> anchors;
  for (const std::int64_t stride : {2, 4})
    for (std::int64_t y = 0; y < size.height / stride; ++y)
      for (std::int64_t x = 0; x < size.width / stride; ++x)
        anchors.push_back({static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5, static_cast<double>(stride)});
  return anchors;
}

double expected_bin(const double* logits, std::size_t step) {
  double sum = 0;
  double weighted = 0;
  for (std::size_t bin = 0; bin < 16; ++bin) {
    const double weight = std::exp(logits[bin * step]);
    sum += weight;
    weighted += weight * static_cast<double>(bin);
  }
  return weighted / sum;
}

std::vector<Decoded> decode(const Tensor& raw, const ImageSize& size = kTinySize) {
  const auto anchors = anchors_of(size);
  const std::size_t count = anchors.size();
  const std::vector<double> logits(raw.as<float>().begin(), raw.as<float>().end());
  std::vector<Decoded> decoded(count);
  for (std::size_t a = 0; a < count; ++a) {
    const auto [x, y, stride] = anchors[a];
    std::array<double, 4> side{};
    for (std::size_t s = 0; s < 4; ++s) side[s] = expected_bin(&logits[16 * s * count + a], count);
    decoded[a].corners = {(x - side[0]) * stride, (y - side[1]) * stride, (x + side[2]) * stride, (y + side[3]) * stride};
    for (std::size_t c = 0; c < kClasses; ++c) decoded[a].scores[c] = 1 / (1 + std::exp(-logits[(64 + c) * count + a]));
  }
  return decoded;
}

Tensor run(Head head, std::int64_t max_detections = 300, const ImageSize& size = kTinySize) {
  const BuildOptions options{.head = head, .image_size = size, .batch = 1, .max_detections = max_detections};
  const auto detector = build_baseline(test::tiny_checkpoint(), options);
  return test::evaluate(detector.graph, {test::random_tensor({1, 3, size.height, size.width}, 99)})[0];
}

void expect_centre_size_and_scores(const ImageSize& size, std::size_t count) {
  const auto expected = decode(run(Head::raw, 300, size), size);
  const auto found = run(Head::one2many, 300, size);
  ASSERT_EQ(found.shape(), (Shape{1, 4 + kClasses, static_cast<std::int64_t>(count)}));
  const auto at = [&](std::size_t row, std::size_t a) { return static_cast<double>(found.as<float>()[row * count + a]); };
  for (std::size_t a = 0; a < count; ++a) {
    const auto& box = expected[a].corners;
    EXPECT_NEAR(at(0, a), (box[0] + box[2]) / 2, 1e-4);
    EXPECT_NEAR(at(1, a), (box[1] + box[3]) / 2, 1e-4);
    EXPECT_NEAR(at(2, a), box[2] - box[0], 1e-4);
    EXPECT_NEAR(at(3, a), box[3] - box[1], 1e-4);
    for (std::size_t c = 0; c < kClasses; ++c) EXPECT_NEAR(at(4 + c, a), expected[a].scores[c], 1e-6);
  }
}

TEST(HeadTest, One2ManyIsCentreSizeAndScores) { expect_centre_size_and_scores(kTinySize, kAnchors); }

TEST(HeadTest, RectanglesHaveTheirRowsAndColumns) {
  expect_centre_size_and_scores({8, 12}, 30);
  expect_centre_size_and_scores({12, 8}, 30);
}

/// k anchors by their best class, of those the k best (anchor, class) pairs: with k = 4 some classes of a kept anchor
/// push out the best class of a worse one.
TEST(HeadTest, One2OneIsTheTopKOfTheOtherBranch) {
  constexpr std::size_t kKept = 4;
  const auto decoded = decode(run(Head::raw_one2one));
  std::vector<std::size_t> anchors(kAnchors);
  std::iota(anchors.begin(), anchors.end(), 0U);
  const auto best = [&](std::size_t a) { return *std::max_element(decoded[a].scores.begin(), decoded[a].scores.end()); };
  std::stable_sort(anchors.begin(), anchors.end(), [&](std::size_t a, std::size_t b) { return best(a) > best(b); });
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < kKept; ++i)
    for (std::size_t c = 0; c < kClasses; ++c) pairs.emplace_back(anchors[i], c);
  const auto score = [&](const auto& pair) { return decoded[pair.first].scores[pair.second]; };
  std::stable_sort(pairs.begin(), pairs.end(), [&](const auto& a, const auto& b) { return score(a) > score(b); });

  const auto found = run(Head::one2one, kKept);
  ASSERT_EQ(found.shape(), (Shape{1, kKept, 6}));
  for (std::size_t i = 0; i < kKept; ++i) {
    const auto row = found.as<float>().subspan(i * 6, 6);
    for (std::size_t k = 0; k < 4; ++k) EXPECT_NEAR(row[k], decoded[pairs[i].first].corners[k], 1e-4);
    EXPECT_NEAR(row[4], score(pairs[i]), 1e-6);
    EXPECT_EQ(row[5], static_cast<float>(pairs[i].second));
  }
}

TEST(HeadTest, FewerAnchorsThanDetectionsGiveAllAnchors) { EXPECT_EQ(run(Head::one2one).shape(), (Shape{1, kTinyAnchors, 6})); }

}  // namespace
}  // namespace nibble

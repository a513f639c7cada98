// SPDX-License-Identifier: Apache-2.0
// A graph exported and run in ONNX Runtime, and its output held against a reference: class scores to 1e-4, boxes to
// 0.02 px, raw logits to 1e-3 of their largest magnitude.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "export/emit.h"
#include "ort/session.h"
#include "yolo/detector.h"

namespace nibble::parity {

inline constexpr double kScoreTolerance = 1e-4;
inline constexpr double kBoxTolerancePx = 0.02;
inline constexpr double kRelativeLogitTolerance = 1e-3;
inline constexpr std::int64_t kBoxRows = 4;
inline constexpr std::int64_t kColumns = 6;  ///< of a detection: box, score, class

/// The only output for `images`.
inline Tensor run_exported(const Graph& graph, const Tensor& images) {
  const auto file = std::filesystem::temp_directory_path() / ("nibble-parity-" + std::to_string(::getpid()) + ".onnx");
  emit_model(graph, {}, file);
  const Session session(file, {});
  std::filesystem::remove(file);
  EXPECT_EQ(session.inputs().at(0).name, "images");
  EXPECT_EQ(session.outputs().at(0).name, "output0");
  return session.run({images}).at(0);
}

/// Largest |a - b| over rows [first, last) of [1,C,A] tensors.
inline double row_difference(const Tensor& a, const Tensor& b, std::int64_t first, std::int64_t last) {
  const auto anchors = a.shape().at(2);
  const auto left = a.as<float>();
  const auto right = b.as<float>();
  double largest = 0;
  for (auto i = static_cast<std::size_t>(first * anchors); i < static_cast<std::size_t>(last * anchors); ++i)
    largest = std::max(largest, std::abs(static_cast<double>(left[i]) - static_cast<double>(right[i])));
  return largest;
}

inline double largest_magnitude(const Tensor& tensor) {
  double largest = 0;
  for (const auto value : tensor.as<float>()) largest = std::max(largest, std::abs(static_cast<double>(value)));
  return largest;
}

inline void expect_equal_logits(const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.shape(), expected.shape());
  const auto difference = row_difference(found, expected, 0, expected.shape()[1]);
  testing::Test::RecordProperty("logits_relative", std::to_string(difference / largest_magnitude(expected)));
  EXPECT_LT(difference, kRelativeLogitTolerance * largest_magnitude(expected));
}

inline void expect_equal_decoded(const Tensor& found, const Tensor& expected) {
  ASSERT_EQ(found.shape(), expected.shape());
  EXPECT_LT(row_difference(found, expected, 0, kBoxRows), kBoxTolerancePx);
  EXPECT_LT(row_difference(found, expected, kBoxRows, expected.shape()[1]), kScoreTolerance);
}

struct Detection {
  std::array<double, 4> box{};
  double score = 0;
  int label = 0;
};

inline std::vector<Detection> detections_of(const Tensor& tensor, std::int64_t image_index = 0) {
  const auto count = tensor.shape().at(1);
  const auto values = tensor.as<float>().subspan(static_cast<std::size_t>(image_index * count * kColumns));
  std::vector<Detection> detections;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const auto row = values.subspan(i * kColumns, kColumns);
    detections.push_back({{row[0], row[1], row[2], row[3]}, row[4], static_cast<int>(row[5])});
  }
  return detections;
}

inline bool are_equal(const Detection& a, const Detection& b) {
  for (std::size_t i = 0; i < a.box.size(); ++i)
    if (std::abs(a.box[i] - b.box[i]) >= kBoxTolerancePx) return false;
  return a.label == b.label && std::abs(a.score - b.score) < kScoreTolerance;
}

}  // namespace nibble::parity

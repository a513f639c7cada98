// SPDX-License-Identifier: Apache-2.0
// Small checkpoints of segmentation, pose, oriented-box and classification models with random weights, against what Ultralytics answers
// with them in FP32 (tests/golden/tasks, made by tests/oracle/tasks.py): exported and run in ONNX Runtime.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <span>

#include "base/json.h"
#include "data/run_lengths.h"
#include "eval/mask_map.h"
#include "export/emit.h"
#include "graph/rewrites.h"
#include "ort/session.h"
#include "support/npy.h"
#include "support/scratch.h"
#include "yolo/detector.h"
#include "yolo/model_metadata.h"

namespace nibble {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kFolder = fs::path(NIBBLE_SOURCE_DIR) / "tests" / "golden" / "tasks";
constexpr std::int64_t kSize = 64;
constexpr double kRelative = 1e-4, kPixels = 0.02;

/// Rows [first, last) of [1,C,A], or of [1,C] with A = 1.
std::span<const float> rows_of(const Tensor& tensor, std::int64_t first, std::int64_t last) {
  const auto anchors = tensor.shape().size() > 2 ? tensor.shape()[2] : 1;
  return tensor.as<float>().subspan(static_cast<std::size_t>(first * anchors), static_cast<std::size_t>((last - first) * anchors));
}

double largest(std::span<const float> values) {
  double result = 0;
  for (const float value : values) result = std::max(result, std::abs(static_cast<double>(value)));
  return result;
}

double difference(std::span<const float> a, std::span<const float> b) {
  double result = 0;
  for (std::size_t i = 0; i < a.size(); ++i) result = std::max(result, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
  return result;
}

class TasksTest : public testing::TestWithParam<std::string> {
 protected:
  static Checkpoint checkpoint() { return read_checkpoint(kFolder / (GetParam() + ".pt")); }
  static Tensor input() { return test::read_npy(kFolder.parent_path() / "families" / "input.npy"); }
  static Tensor golden(const std::string& head) { return test::read_npy(kFolder / (GetParam() + "_" + head + ".npy")); }
  static bool has(const std::string& head) { return fs::exists(kFolder / (GetParam() + "_" + head + ".npy")); }
  static Detector build(Head head) { return build_baseline(checkpoint(), {.head = head, .image_size = kSize}); }
  static ModelInfo info() { return summarize_model(checkpoint()).info; }
  static std::vector<Tensor> run(Head head, bool half = false) {
    Detector detector = build(head);
    if (half) detector.graph = nibble::to_half(detector.graph).graph;
    const auto file = fs::temp_directory_path() / ("nibble-tasks-" + std::to_string(::getpid()) + ".onnx");
    emit_model(detector.graph, {}, file);
    const Session session(file, {});
    fs::remove(file);
    EXPECT_EQ(session.outputs().at(0).name, "output0");
    if (session.outputs().size() > 1) {
      EXPECT_EQ(session.outputs()[1].name, "output1");
    }
    return session.run({input()});
  }
};

/// Boxes and keypoints in pixels, the rest relative to its largest number.
TEST_P(TasksTest, AnswersAsUltralyticsDoes) {
  const auto outputs = run(Head::one2many);
  const Tensor wanted = golden("one2many");
  ASSERT_EQ(outputs[0].shape(), wanted.shape());
  const auto info = TasksTest::info();
  const auto classes = static_cast<std::int64_t>(info.class_names.size()), rows = wanted.shape()[1];
  const auto check = [&](std::int64_t first, std::int64_t last, double tolerance, const char* what) {
    EXPECT_LT(difference(rows_of(outputs[0], first, last), rows_of(wanted, first, last)), tolerance) << what;
  };
  if (info.task == Task::classify) return check(0, rows, kRelative, "probabilities");
  check(0, 4, kPixels, "boxes");
  check(4, 4 + classes, kRelative, "scores");
  const auto first = 4 + classes;
  if (info.task != Task::pose) return check(first, rows, kRelative * largest(rows_of(wanted, first, rows)), "coefficients or angles");
  const auto values = info.keypoint_shape[1];
  for (std::int64_t row = first; row < rows; ++row)
    check(row, row + 1, (row - first) % values == 2 ? kRelative : kPixels, "keypoints and their visibility");
}

TEST_P(TasksTest, PrototypesAreTheSecondOutput) {
  const auto outputs = run(Head::one2many);
  ASSERT_EQ(outputs.size(), has("protos") ? 2 : 1);
  if (!has("protos")) return;
  const Tensor wanted = golden("protos");
  ASSERT_EQ(outputs[1].shape(), wanted.shape());
  EXPECT_LT(difference(outputs[1].as<float>(), wanted.as<float>()), kRelative * largest(wanted.as<float>()));
}

/// Every row of the end-to-end output is box, score, class and extras of one anchor of the golden branch, the best one first.
TEST_P(TasksTest, EndToEndPicksTheBestOfTheOtherBranch) {
  if (!has("one2one")) {
    test::expect_error(ErrorKind::unsupported, {info().task == Task::classify ? "leave --head out" : "--head can be one2many"},
                       [] { run(Head::one2one); });
    return;
  }
  const Tensor found = run(Head::one2one).at(0), all = golden("one2one");
  const auto classes = static_cast<std::int64_t>(info().class_names.size());
  const auto anchors = all.shape()[2], extras = all.shape()[1] - 4 - classes, columns = found.shape()[2];
  ASSERT_EQ(columns, 6 + extras);
  const auto expected = [&](std::int64_t row, std::int64_t anchor) {
    return all.as<float>()[static_cast<std::size_t>(row * anchors + anchor)];
  };
  const double extra_tolerance = std::max(kPixels, kRelative * largest(rows_of(all, 4 + classes, all.shape()[1])));
  float best = 0;
  for (std::int64_t row = 4; row < 4 + classes; ++row)
    for (std::int64_t anchor = 0; anchor < anchors; ++anchor) best = std::max(best, expected(row, anchor));
  EXPECT_NEAR(found.as<float>()[4], best, kRelative);
  for (std::int64_t i = 0; i < found.shape()[1]; ++i) {
    const auto row = found.as<float>().subspan(static_cast<std::size_t>(i * columns), static_cast<std::size_t>(columns));
    const auto label = static_cast<std::int64_t>(row[5]);
    ASSERT_TRUE(label >= 0 && label < classes) << row[5];
    bool is_there = false;
    for (std::int64_t anchor = 0; anchor < anchors && !is_there; ++anchor) {
      is_there = std::abs(expected(4 + label, anchor) - row[4]) < kRelative;
      for (std::int64_t side = 0; side < 4; ++side) is_there = is_there && std::abs(expected(side, anchor) - row[side]) < kPixels;
      for (std::int64_t extra = 0; extra < extras; ++extra)
        is_there = is_there && std::abs(expected(4 + classes + extra, anchor) - row[6 + extra]) < extra_tolerance;
    }
    ASSERT_TRUE(is_there) << "detection " << i;
  }
}

/// Pixels of two masks of one size that are set in one of them alone.
std::int64_t different_pixels(const RunLengths& a, const RunLengths& b) { return 2 * area_of(united({a, b})) - area_of(a) - area_of(b); }

/// Of the ten surest anchors of each branch, from the rows and prototypes that the exported file gives: in a box that is the whole image
/// the mask that Ultralytics' process_mask makes. A pixel whose logit is nearly 0 may fall to either side.
TEST_P(TasksTest, MasksAreThoseOfUltralytics) {
  if (!has("protos")) return;
  const ImageSize input(kSize, kSize);
  const auto json = read_json(kFolder / (GetParam() + "_masks.json"));
  std::int64_t partly = 0;
  for (const auto& [branch, wanted] : json.items()) {
    const bool is_end_to_end = branch == "one2one";
    const auto outputs = run(is_end_to_end ? Head::one2one : Head::one2many);
    const Tensor all = golden(branch);
    const auto count = outputs[1].shape()[1], anchors = all.shape()[2], first = all.shape()[1] - count;
    const Prototypes prototypes{outputs[1].as<float>(), count, outputs[1].shape()[2], outputs[1].shape()[3]};
    const double tolerance = kRelative * largest(rows_of(all, first, all.shape()[1]));
    /// Coefficients of an anchor: a column of one2many, and the row of the end-to-end output that has nearly these.
    const auto coefficients_of = [&](std::int64_t anchor) {
      const auto at = [&](const Tensor& tensor, std::int64_t k) {
        return tensor.as<float>()[static_cast<std::size_t>((first + k) * anchors + anchor)];
      };
      std::vector<float> found;
      for (std::int64_t k = 0; k < count; ++k) found.push_back(at(is_end_to_end ? all : outputs[0], k));
      if (!is_end_to_end) return found;
      const auto columns = static_cast<std::size_t>(outputs[0].shape()[2]);
      for (std::size_t i = 0; i < static_cast<std::size_t>(outputs[0].shape()[1]); ++i) {
        const auto row = outputs[0].as<float>().subspan(i * columns + 6, static_cast<std::size_t>(count));
        if (difference(row, found) < std::max(kPixels, tolerance)) return std::vector<float>(row.begin(), row.end());
      }
      ADD_FAILURE() << "no row has the coefficients of anchor " << anchor;
      return found;
    };
    ASSERT_EQ(wanted.size(), 10U);
    for (const auto& row : wanted) {
      const RunLengths mask{kSize, kSize, row[1].get<std::vector<std::uint32_t>>()};
      const auto pixels = mask_in_input(prototypes, coefficients_of(row[0].get<std::int64_t>()), {0, 0, float{kSize}, float{kSize}}, input);
      EXPECT_LE(different_pixels(runs_of_pixels(pixels, kSize, kSize), mask), 2) << branch << ", anchor " << row[0];
      partly += area_of(mask) > 0 && area_of(mask) < kSize * kSize ? 1 : 0;
    }
  }
  EXPECT_GE(partly, 2) << "masks that are neither nothing nor everything";
}

/// To 3 % of the range that scores have, as FP16 with its 11 bits of mantissa allows through some fifty layers. The outputs stay float32.
TEST_P(TasksTest, HalfPrecisionAnswersNearly) {
  const auto outputs = run(Head::one2many, true);
  const Tensor wanted = golden("one2many");
  const auto classes = static_cast<std::int64_t>(info().class_names.size());
  const auto first = wanted.shape().size() == 2 ? 0 : 4;
  EXPECT_LT(difference(rows_of(outputs[0], first, first + classes), rows_of(wanted, first, first + classes)), 0.03);
  for (const auto& output : outputs) EXPECT_EQ(output.dtype(), DType::f32);
}

/// What Ultralytics reads to predict with the right task.
TEST_P(TasksTest, MetadataSaysTheTask) {
  const auto detector = build(Head::one2many);
  const auto metadata = baseline_metadata(detector.info, "float32");
  const auto& name = GetParam();
  const auto task = name.ends_with("seg") ? "segment" : name.ends_with("cls") ? "classify" : name.substr(name.find('-') + 1);
  EXPECT_EQ(metadata.at("task"), task);
  EXPECT_EQ(metadata.at("stride"), task == std::string("classify") ? "1" : "32");
  EXPECT_EQ(metadata.at("end2end"), "False");
  EXPECT_THAT(metadata.at("names"), HasSubstr("0: 'class 0'"));
  EXPECT_EQ(metadata.contains("kpt_shape"), task == std::string("pose"));
  if (name == "yolo11-pose") {
    EXPECT_EQ(metadata.at("kpt_shape"), "[4, 2]");
  } else if (name == "yolo26-obb") {
    EXPECT_EQ(metadata.at("nibble.output0"),
              "[B,7,A]: cx, cy, w, h in input pixels, then 2 class scores in 0..1, then the angle in radians by which the box is turned "
              "clockwise, per anchor; needs NMS");
  } else if (name == "yolov8-seg") {
    EXPECT_THAT(metadata.at("nibble.output0"), HasSubstr("output1 [B,8,16,16]: mask prototypes"));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, TasksTest,
                         testing::Values("yolov8-seg", "yolov8-pose", "yolov8-obb", "yolov8-cls", "yolo11-seg", "yolo11-pose", "yolo26-seg",
                                         "yolo26-pose", "yolo26-obb", "yolo26-cls"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Tasks, RawLogitsAreOfDetectors) {
  test::expect_error(ErrorKind::unsupported, {"raw outputs are of detectors only"},
                     [] { build_baseline(read_checkpoint(kFolder / "yolov8-seg.pt"), {.head = Head::raw, .image_size = kSize}); });
}

/// Which values calibration weighs errors by.
TEST(Tasks, TheLogitsOfEachTaskAreFound) {
  const auto logits = [](const char* name, Head head = Head::one2many) {
    const auto detector = build_baseline(read_checkpoint(kFolder / (std::string(name) + ".pt")), {.head = head, .image_size = kSize});
    return std::pair(find_logits(detector.graph), detector.graph);
  };
  const auto [masks, mask_graph] = logits("yolo26-seg", Head::one2one);
  EXPECT_EQ(mask_graph.value(masks.mask_coefficients).shape, (Shape{1, 16, 84}));
  EXPECT_EQ(mask_graph.value(masks.prototypes).shape, (Shape{1, 16, 16, 16}));
  EXPECT_EQ(mask_graph.value(masks.mask_areas).shape, (Shape{1, 4, 84}));
  EXPECT_TRUE(masks.mask_areas_are_corners);
  const auto [points, point_graph] = logits("yolov8-pose");
  EXPECT_EQ(point_graph.value(points.keypoints).shape, (Shape{1, 15, 84}));
  EXPECT_EQ(points.keypoint_step, 2);
  EXPECT_EQ(points.mask_areas, -1);
  EXPECT_EQ(logits("yolo26-pose").first.keypoint_step, 1);
  for (const char* name : {"yolov8-obb", "yolo26-obb"}) {
    const auto [turned, graph] = logits(name);
    EXPECT_EQ(graph.value(turned.angles).shape, (Shape{1, 1, 84})) << name;
  }
  const auto [classes, class_graph] = logits("yolov8-cls");
  EXPECT_EQ(class_graph.value(classes.classes).shape, (Shape{1, 5}));
  EXPECT_EQ(classes.boxes, -1);
}

}  // namespace
}  // namespace nibble

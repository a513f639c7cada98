// SPDX-License-Identifier: Apache-2.0
// Files of other exporters, made by hand: what they take, and how their outputs are read.
#include "scoring/detector_file.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/log.h"
#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

/// A detector that answers `rows` to any image.
struct Made {
  std::vector<std::int64_t> input = {1, 3, 64, 64};
  std::int32_t input_type = 1;
  Shape shape;
  std::vector<float> rows;
  bool has_shape = true;  ///< the file says how large its output is
  std::map<std::string, std::string> metadata;
};

/// Extents known at run time only: all, or those that are negative.
void name_extents(onnx::ValueInfoProto& info, bool all) {
  auto& shape = *info.mutable_type()->mutable_tensor_type()->mutable_shape();
  for (int i = 0; i < shape.dim_size(); ++i)
    if (all || shape.dim(i).dim_value() < 0) shape.mutable_dim(i)->set_dim_param(info.name() + std::to_string(i));
}

class DetectorFiles : public ::testing::Test {
 protected:
  void write(const Made& made) const {
    onnx::ModelProto model;
    model.set_ir_version(8);
    model.add_opset_import()->set_version(13);
    auto& graph = *model.mutable_graph();
    graph.set_name("made");
    declare(*graph.add_input(), "images", made.input_type, made.input);
    name_extents(*graph.mutable_input(0), false);
    auto& rows = add_tensor(graph, "rows", 1);
    for (const auto extent : made.shape) rows.add_dims(extent);
    rows.set_raw_data(made.rows.data(), made.rows.size() * sizeof(float));
    append(graph, "Identity", {"rows"}, "output0");
    declare(*graph.add_output(), "output0", 1, made.shape);
    if (!made.has_shape) name_extents(*graph.mutable_output(0), true);
    for (const auto& [key, value] : made.metadata) {
      auto& entry = *model.add_metadata_props();
      entry.set_key(key);
      entry.set_value(value);
    }
    write_onnx(model, folder_ / "made.onnx");
  }
  DetectorFile open(const Made& made, const DetectorFileOptions& options = {}, std::int64_t categories = 0) const {
    write(made);
    return open_detector(folder_ / "made.onnx", runtime_, true, categories, options);
  }
  DetectorFile open_any(const Made& made, const DetectorFileOptions& options = {}) const {
    write(made);
    return open_any_task(folder_ / "made.onnx", runtime_, true, options);
  }

  const TestFolder folder_;
  const RuntimeOptions runtime_{.threads = 1};
};

/// [1,count,6] of one class with objectness: centres over the image, no order of scores.
Made yolov5_rows(std::int64_t count) {
  Made made;
  made.shape = {1, count, 6};
  for (std::int64_t i = 0; i < count; ++i)
    for (const float value :
         {static_cast<float>(i * 7 % 64), static_cast<float>(i * 5 % 64), 10.0F, 12.0F, static_cast<float>(i * 13 % 100) / 100, 0.97F})
      made.rows.push_back(value);
  return made;
}

/// [1,count,6] as a file with its own selection gives: best first.
Made ranked_rows(std::int64_t count) {
  Made made;
  made.shape = {1, count, 6};
  for (std::int64_t i = 0; i < count; ++i)
    for (const float value : {1.0F, 2.0F, 30.0F, 40.0F, 1 - static_cast<float>(i) / 300, 0.0F}) made.rows.push_back(value);
  return made;
}

TEST_F(DetectorFiles, RowsWithObjectnessAreToldByTheirValues) {
  auto made = yolov5_rows(252);  // 3 * (64 + 16 + 4)
  for (const auto* names : {"{0: 'person'}", ""}) {
    made.metadata.clear();
    if (*names != '\0') made.metadata["names"] = names;
    const auto detector = open(made);
    EXPECT_EQ(name_of(detector.layout), "yolov5");
    EXPECT_EQ(detector.kind, OutputKind::one2many);
    EXPECT_EQ(detector.class_count, 1);
    const auto output = detections_output(
        detector, detector.session.run(
                      {network_input({Tensor::of<std::uint8_t>({3, 64, 64}, std::vector<std::uint8_t>(3 * 64 * 64)), {}}, detector)}));
    EXPECT_EQ(output.shape(), (Shape{1, 5, 252}));
    EXPECT_FLOAT_EQ(output.as<float>()[4 * 252 + 1], 0.13F * 0.97F);
  }
}

TEST_F(DetectorFiles, RowsInOrderAreDetections) {
  auto made = ranked_rows(84);  // as many as cells
  made.metadata = {{"names", "{0: 'person'}"}};
  EXPECT_EQ(name_of(open(made).layout), "one2one");
  EXPECT_EQ(name_of(open(ranked_rows(300)).layout), "one2one");
}

/// As a transformer's detector without boxes in pixels would be: [B,K,4+classes], that many rows belong to no grid.
TEST_F(DetectorFiles, BoxesThatAreSharesOfTheImageAreRefusedBeforeScoring) {
  Made made;
  made.shape = {1, 300, 7};
  made.rows.assign(300 * 7, 0.5F);
  made.metadata = {{"names", "{0: 'a', 1: 'b', 2: 'c'}"}};
  expect_error(ErrorKind::unsupported, "not in pixels of the input", [&] { open(made); });
  for (std::size_t i = 0; i < 300; ++i) made.rows[7 * i] = static_cast<float>(i % 64);
  EXPECT_EQ(open(made).class_count, 3);
}

/// One odd box may be a network's; other columns are odd in all of them.
TEST_F(DetectorFiles, RowsAreCornersInPixels) {
  const auto answer = [&](std::array<float, 4> box, int odd, bool is_own) {
    auto made = ranked_rows(300);
    for (std::size_t i = 0; i < static_cast<std::size_t>(odd); ++i) std::copy(box.begin(), box.end(), made.rows.begin() + 6 * i);
    if (is_own) made.metadata = {{"nibble.head", "one2one"}};
    const auto detector = open(made);
    const NetworkImage image{Tensor::of<std::uint8_t>({3, 64, 64}, std::vector<std::uint8_t>(3 * 64 * 64)), {}};
    return detections_output(detector, detector.session.run({network_input(image, detector)}));
  };
  const std::array<float, 4> shares{0.1F, 0.2F, 0.6F, 0.9F}, centre_and_size{40, 50, 12, 14};
  expect_error(ErrorKind::unsupported, "0.1, 0.2, 0.6, 0.9", [&] { answer(shares, 300, false); });
  expect_error(ErrorKind::unsupported, "shares of its sides", [&] { answer(shares, 300, false); });
  expect_error(ErrorKind::unsupported, "centre, width and height", [&] { answer(centre_and_size, 300, false); });
  EXPECT_NO_THROW(answer(centre_and_size, 50, false));
  EXPECT_NO_THROW(answer(centre_and_size, 300, true)) << "of a network whose boxes may be anything";
}

TEST_F(DetectorFiles, NamesAreNumberedFromZeroOn) {
  auto made = ranked_rows(300);
  for (const auto* names : {"{0: 'person', 1: 'car'}", "['person', 'car']", "{\"0\": \"person\", \"1\": \"car\"}"}) {
    made.metadata = {{"names", names}};
    EXPECT_EQ(open(made).class_names, (std::map<std::int64_t, std::string>{{0, "person"}, {1, "car"}})) << names;
  }
  for (const auto& [names, wrong] :
       {std::pair{"{1: 'person', 2: 'car'}", "the class 1"}, std::pair{"{-1: 'person', 0: 'car'}", "the class -1"},
        std::pair{"{0: 'person', 1000: 'car'}", "the class 1000"}}) {
    made.metadata = {{"names", names}};
    expect_error(ErrorKind::input, wrong, [&] { open(made); });
    expect_error(ErrorKind::input, "expected the numbers 0 to 1", [&] { open(made); });
  }
}

TEST_F(DetectorFiles, NamesThatCannotBeReadAreSaidToBeSo) {
  std::string said;
  set_log_listener([&](LogLevel level, const std::string& words) { said += level == LogLevel::warning ? words : ""; });
  auto made = ranked_rows(300);
  made.metadata = {{"names", "person; car"}};
  EXPECT_TRUE(open(made).class_names.empty());
  set_log_listener({});
  EXPECT_THAT(said, ::testing::HasSubstr("names cannot be read"));
}

TEST_F(DetectorFiles, StridesAscendAsAnchorsDo) {
  Made made;
  made.shape = {1, 67, 84};
  made.rows.assign(67 * 84, 0.5F);
  made.metadata = {{"names", "{0: 'a', 1: 'b', 2: 'c'}"}, {"nibble.head", "raw"}, {"nibble.strides", "8 16 32"}};
  EXPECT_EQ(open(made).kind, OutputKind::raw);
  for (const auto* strides : {"32 16 8", "16 8 32", "8 8 16"}) {
    made.metadata["nibble.strides"] = strides;
    expect_error(ErrorKind::input, strides, [&] { open(made); });
  }
}

/// 80 classes at 64 px: as many values as anchors.
TEST_F(DetectorFiles, OwnFilesAreReadAsTheyWereWritten) {
  std::string names = "{";
  for (int i = 0; i < 80; ++i) names += std::to_string(i) + ": 'c" + std::to_string(i) + "', ";
  names.replace(names.size() - 2, 2, "}");
  Made made;
  made.shape = {1, 84, 84};
  made.rows.assign(84 * 84, 0);  // nothing is found
  made.metadata = {{"names", names}, {"nibble.head", "one2many"}};
  EXPECT_FALSE(open(made).layout.anchors_first);
  EXPECT_FALSE(open(made, {.image_size = {}, .output_layout = "one2many"}).layout.anchors_first);
}

TEST_F(DetectorFiles, LargeSizesAreNotTakenFromMetadata) {
  auto made = ranked_rows(300);
  made.input = {1, 3, -1, -1};
  made.metadata = {{"imgsz", "[8192, 8192]"}};
  expect_error(ErrorKind::usage, "8192 x 8192 px; say with --imgsz", [&] { open(made); });
  EXPECT_EQ(open(made, {.image_size = ImageSize(64), .output_layout = {}}).image_size, ImageSize(64));
  made.input = {1, 3, 96, 160};
  EXPECT_EQ(open(made).image_size, ImageSize(96, 160)) << "the file's own word counts";
}

TEST_F(DetectorFiles, WhatStaysOpenIsAskedFor) {
  Made made;
  made.shape = {1, 84, 7};  // 84 cells: 3 classes, or objectness and 2
  made.rows.assign(84 * 7, 0.5F);
  for (std::size_t i = 0; i < 84; ++i) made.rows[7 * i] = static_cast<float>(i % 64);
  expect_error(ErrorKind::unsupported, "one2many (3 classes)", [&] { open(made); });
  expect_error(ErrorKind::unsupported, "yolov5 (2 classes)", [&] { open(made); });
  expect_error(ErrorKind::unsupported, "--output-layout", [&] { open(made); });
  EXPECT_EQ(open(made, {.image_size = {}, .output_layout = "yolov5"}).class_count, 2);
  EXPECT_EQ(open(made, {.image_size = {}, .output_layout = "one2many"}).class_count, 3);
  EXPECT_EQ(open(made, {}, 3).class_count, 3) << "the data set tells";
  expect_error(ErrorKind::usage, "is not one2one", [&] { open(made, {.image_size = {}, .output_layout = "end2end"}); });
}

TEST_F(DetectorFiles, OpenExtentsAreFoundByRunning) {
  auto made = yolov5_rows(252);
  made.has_shape = false;
  made.metadata = {{"names", "{0: 'person'}"}};
  EXPECT_EQ(name_of(open(made).layout), "yolov5");
  made.input = {-1, 3, -1, -1};
  made.metadata["imgsz"] = "[64, 64]";
  EXPECT_EQ(open(made).image_size, ImageSize(64));
}

TEST_F(DetectorFiles, SizesComeFromTheFileTheUserOrTheMetadata) {
  auto made = ranked_rows(300);
  made.input = {1, 3, 96, 160};
  EXPECT_EQ(open(made).image_size, ImageSize(96, 160));
  expect_error(ErrorKind::usage, "96 x 160", [&] { open(made, {.image_size = ImageSize(64), .output_layout = {}}); });
  made.input = {1, 3, -1, -1};
  made.metadata = {{"imgsz", "[384, 640]"}};
  EXPECT_EQ(open(made).image_size, ImageSize(384, 640));
  EXPECT_EQ(open(made, {.image_size = ImageSize(64, 96), .output_layout = {}}).image_size, ImageSize(64, 96));
  made.metadata.clear();
  EXPECT_EQ(open(made).image_size, ImageSize(640));
}

TEST_F(DetectorFiles, PixelsAreGivenAsTheFileWantsThem) {
  std::vector<std::uint8_t> planes(3 * 64 * 64);
  for (std::size_t i = 0; i < planes.size(); ++i) planes[i] = static_cast<std::uint8_t>(i % 251);
  const NetworkImage image{Tensor::of<std::uint8_t>({3, 64, 64}, planes), {}};
  auto made = ranked_rows(300);
  made.input_type = 2;
  const auto first = network_input(image, open(made));
  EXPECT_EQ(first.dtype(), DType::u8);
  EXPECT_EQ(first.as<std::uint8_t>()[5000], planes[5000]);
  made.input = {1, 64, 64, 3};
  const auto last = network_input(image, open(made));
  EXPECT_EQ(last.shape(), (Shape{1, 64, 64, 3}));
  EXPECT_EQ(last.as<std::uint8_t>()[3 * 100 + 2], planes[2 * 64 * 64 + 100]);
  made.input_type = 1;
  EXPECT_FLOAT_EQ(network_input(image, open(made)).as<float>()[3 * 100 + 2], static_cast<float>(planes[2 * 64 * 64 + 100]) / 255.0F);
  made.input_type = 6;
  expect_error(ErrorKind::unsupported, "uint8", [&] { open(made); });
}

TEST_F(DetectorFiles, OtherTasksAreRefused) {
  auto made = ranked_rows(300);
  made.metadata = {{"task", "obb"}};
  expect_error(ErrorKind::unsupported, "task 'obb'", [&] { open(made); });
}

TEST_F(DetectorFiles, BoxesThatAreNotInPixelsAreRefused) {
  auto made = yolov5_rows(252);
  for (auto& value : made.rows) value = value > 1 ? value / 64 : value;
  made.metadata = {{"names", "{0: 'person'}"}};
  expect_error(ErrorKind::unsupported, "not in pixels", [&] { open(made); });
}

/// One class and `extras` numbers behind each of 8 boxes.
Made pose_rows(const std::string& keypoint_shape, std::int64_t extras) {
  Made made;
  made.shape = {1, 5 + extras, 8};
  made.rows.assign(static_cast<std::size_t>((5 + extras) * 8), 0.5F);
  made.metadata = {{"task", "pose"}, {"names", "{0: 'person'}"}, {"kpt_shape", keypoint_shape}};
  return made;
}

TEST_F(DetectorFiles, KeypointsHaveTwoOrThreeValues) {
  const DetectorFile file = open_any(pose_rows("[17, 3]", 51));
  EXPECT_EQ(file.keypoints.count, 17);
  EXPECT_EQ(file.keypoints.values, 3);
  EXPECT_EQ(file.extras, 51);
  EXPECT_EQ(open_any(pose_rows("[2, 2]", 4)).keypoints.values, 2);
  for (const auto* shape : {"[5, 7]", "[35, 1]", "17", "[-5, 3]", ""}) EXPECT_THROW(open_any(pose_rows(shape, 35)), Error) << shape;
}

/// The option is taken where the file leaves its layout open, and refused where it says something else.
TEST_F(DetectorFiles, OtherTasksTakeALayoutThatTheyMayHave) {
  const auto with_layout = [](const std::string& name) { return DetectorFileOptions{.image_size = {}, .output_layout = name}; };
  Made upright = pose_rows("[2, 2]", 4);
  EXPECT_EQ(open_any(upright, with_layout("one2many")).kind, OutputKind::one2many);
  for (const auto* other : {"raw", "yolov5"})
    expect_error(ErrorKind::usage, "'pose' is one2many, not " + std::string(other), [&] { open_any(upright, with_layout(other)); });
  expect_error(ErrorKind::usage, "one2one, one2many, raw, yolov5", [&] { open_any(upright, with_layout("sideways")); });
  expect_error(ErrorKind::unsupported, "with 1 classes gives as one2one", [&] { open_any(upright, with_layout("one2one")); });
  Made ranked = upright;
  ranked.shape = {1, 8, 10};
  ranked.rows.resize(80);
  EXPECT_EQ(open_any(ranked, with_layout("end2end")).kind, OutputKind::one2one) << "the file does not say";
  ranked.metadata["end2end"] = "True";
  expect_error(ErrorKind::usage, "'pose' is one2one, not one2many", [&] { open_any(ranked, with_layout("one2many")); });
  Made classes{.shape = {1, 2}, .rows = {0.25F, 0.75F}, .metadata = {{"task", "classify"}, {"names", "{0: 'cat', 1: 'dog'}"}}};
  expect_error(ErrorKind::usage, "is a row of class probabilities, not one2many", [&] { open_any(classes, with_layout("one2many")); });
}

}  // namespace
}  // namespace nibble::testing

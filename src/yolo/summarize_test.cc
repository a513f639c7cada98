// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "base/log.h"
#include "support/scratch.h"
#include "yolo/detector.h"
#include "yolo/test_tiny_model.h"

namespace nibble {
namespace {

TEST(SummarizeTest, OneRowALayer) {
  const auto summary = summarize_model(test::tiny_checkpoint());
  EXPECT_EQ(summary.model_class, "ultralytics.nn.tasks.DetectionModel");
  EXPECT_EQ(summary.stored_dtype, "float32");
  ASSERT_EQ(summary.layers.size(), 9U);
  const auto& first = summary.layers[0];
  EXPECT_EQ(first.module, "Conv");
  EXPECT_EQ(first.from, "-1");
  EXPECT_EQ(first.parameters, 4 * 3 * 3 * 3 + 2 * 4) << "weight, gamma and beta; the statistics are no parameters";
  EXPECT_EQ(first.yaml, "[-1, 1, Conv, []]");
  EXPECT_EQ(summary.layers[5].from, "-1, 0");
  EXPECT_EQ(summary.layers[5].parameters, 0);
  std::int64_t sum = 0;
  for (const auto& layer : summary.layers) sum += layer.parameters;
  EXPECT_EQ(summary.parameters, sum);
}

TEST(SummarizeTest, TheRealModels) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "the shared material is missing; set NIBBLE_SHARED";
  const auto nano = summarize_model(read_checkpoint(*shared / "weights" / "yolov10n.pt"));
  EXPECT_EQ(nano.parameters, 2775520);  // as Ultralytics counts them for YOLOv10n
  EXPECT_EQ(nano.layers.size(), 24U);
  EXPECT_EQ(nano.layers[22].yaml, "[-1, 3, C2fCIB, [1024, True, True]]");
  EXPECT_EQ(nano.info.scale, "n");
  EXPECT_EQ(nano.info.class_names.at(79), "toothbrush");
  EXPECT_EQ(nano.info.strides, (std::vector<std::int64_t>{8, 16, 32}));
  EXPECT_EQ(nano.stored_dtype, "float16");
  EXPECT_EQ(summarize_model(read_checkpoint(*shared / "weights" / "yolov10m-untrained.pt")).parameters, 16576768);
}

TEST(SummarizeTest, TheImageSizeIsTheOneTrainedAtUnlessSaid) {
  const auto trained_at = [](const test::Code& imgsz) {
    test::TinyOptions options;
    options.train_args = {{"imgsz", imgsz}};
    return summarize_model(test::tiny_checkpoint(options)).info.image_size;
  };
  EXPECT_EQ(trained_at(test::integer(224)), ImageSize(224));
  EXPECT_EQ(trained_at(test::integer(222)), ImageSize(224)) << "up to a multiple of the largest stride";
  EXPECT_EQ(trained_at(test::integers({96, 128})), ImageSize(96, 128));
  EXPECT_EQ(trained_at(test::number(320)), ImageSize(320)) << "arithmetic leaves 320.0";
  for (const auto* text : {"320", "[320, 320]", "(320, 320)", " 320,320 ", "320x320", "(320,)", "320.0", "[320.0, 320.0]"})
    EXPECT_EQ(trained_at(test::text(text)), ImageSize(320)) << text;
  EXPECT_EQ(trained_at(test::text("640,480")), ImageSize(640, 480)) << "height first";
  EXPECT_EQ(trained_at(test::none()), ImageSize(640));
  EXPECT_EQ(summarize_model(test::tiny_checkpoint()).info.image_size, ImageSize(640)) << "without train_args";
  test::TinyOptions options;
  options.train_args = {{"imgsz", test::integers({12, 16})}};
  const auto shape_of = [&](const BuildOptions& build) {
    const auto graph = build_baseline(test::tiny_checkpoint(options), build).graph;
    return graph.value(graph.inputs.front()).shape;
  };
  EXPECT_EQ(shape_of({}), (Shape{1, 3, 12, 16}));
  EXPECT_EQ(shape_of({.image_size = 8}), (Shape{1, 3, 8, 8}));
}

TEST(SummarizeTest, ASizeThatCannotBeReadIsNamed) {
  std::string heard;
  set_log_listener([&](LogLevel level, const std::string& message) {
    if (level == LogLevel::warning) heard += message;
  });
  const auto warned = [&](const test::TinyOptions& options) {
    heard.clear();
    EXPECT_EQ(summarize_model(test::tiny_checkpoint(options)).info.image_size, ImageSize(640));
    return heard;
  };
  const std::vector<std::pair<test::Code, std::string>> unusable{
      {test::integer(0), "int 0"},          {test::integer(-64), "int -64"}, {test::integer(1 << 30), "int 1073741824"},
      {test::number(0.5), "0.5"},           {test::integers({}), "[]"},      {test::integers({8, 8, 8}), "[8, 8, 8]"},
      {test::text("large"), "str 'large'"}, {test::text(""), "str ''"},      {test::boolean(true), "True"}};
  for (const auto& [code, shown] : unusable) {
    test::TinyOptions options;
    options.train_args = {{"imgsz", code}};
    const auto message = warned(options);
    EXPECT_THAT(message, testing::StartsWith("checkpoint: tiny.pt: train_args: 'imgsz' is "));
    EXPECT_THAT(message, testing::HasSubstr(shown));
    EXPECT_THAT(message, testing::EndsWith("which is no size of an image; 640 x 640 is taken, unless --imgsz says otherwise"));
  }
  test::TinyOptions options;
  options.all_train_args = test::text("imgsz=320");
  EXPECT_THAT(warned(options), testing::HasSubstr("train_args: is str 'imgsz=320', expected the arguments of the training by name"));
  options.all_train_args = test::none();
  EXPECT_EQ(warned(options), "");
  options.all_train_args.clear();
  options.train_args = {{"imgsz", test::text("no size, but not asked for")}};
  heard.clear();
  build_detector(test::tiny_checkpoint(options), {.image_size = 8});
  EXPECT_EQ(heard, "");
  set_log_listener(nullptr);
}

TEST(SummarizeTest, TheBaselineOfYolov10nHas82ConvolutionsToQuantise) {
  const auto shared = test::shared_folder();
  if (!shared) GTEST_SKIP() << "the shared material is missing; set NIBBLE_SHARED";
  int quantisable = 0;
  int others = 0;
  const auto detector = build_baseline(read_checkpoint(*shared / "weights" / "yolov10n.pt"), {.head = Head::one2many});
  for (const auto& node : detector.graph.nodes)
    if (std::holds_alternative<op::Conv>(node.op)) ++(node.float_reason.empty() ? quantisable : others);
  EXPECT_EQ(quantisable, 82);
  EXPECT_EQ(others, 1) << "the DFL";
}

}  // namespace
}  // namespace nibble

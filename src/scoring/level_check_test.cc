// SPDX-License-Identifier: Apache-2.0
#include "scoring/level_check.h"

#include <gmock/gmock.h>

#include "support/exported.h"
#include "support/onnx_build.h"

namespace nibble::testing {
namespace {

/// A detector that answers these rows (two corners, score, class) to any image.
std::filesystem::path file_that_answers(const std::vector<float>& rows, const std::filesystem::path& path) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(13);
  auto& graph = *model.mutable_graph();
  graph.set_name("made");
  declare(*graph.add_input(), "images", 1, {1, 3, 64, 64});
  const std::vector<std::int64_t> shape = {1, static_cast<std::int64_t>(rows.size()) / 6, 6};
  auto& values = add_tensor(graph, "rows", 1);
  for (const auto extent : shape) values.add_dims(extent);
  values.set_raw_data(rows.data(), rows.size() * sizeof(float));
  append(graph, "Identity", {"rows"}, "output0");
  declare(*graph.add_output(), "output0", 1, shape);
  auto& names = *model.add_metadata_props();
  names.set_key("names");
  names.set_value("{0: 'cat', 1: 'dog'}");
  write_onnx(model, path);
  return path;
}

TEST(LevelCheck, FindsBoxesWithoutAreaAgain) {
  const TestFolder folder;
  const RuntimeOptions runtime{.threads = 1};
  const auto model = file_that_answers({1,  2,  30, 40, 0.9F, 0,   // a box like any other
                                        10, 20, 10, 40, 0.8F, 0,   // without width
                                        10, 20, 30, 20, 0.7F, 1,   // without height
                                        5,  6,  5,  6,  0.6F, 1},  // a point
                                       folder / "made.onnx");
  const auto detector = open_detector(model, runtime, true, 0, {.image_size = {}, .output_layout = "one2one"});
  const auto levels = check_levels(model, detector, {Tensor::of<float>({1, 3, 64, 64}, std::vector<float>(3 * 64 * 64))}, runtime);
  ASSERT_EQ(levels.size(), 3U) << "basic, extended, all";
  for (const auto& level : levels) {
    EXPECT_EQ(level.reference_detections, 4) << level.level;
    EXPECT_EQ(level.matched, 4) << level.level;
    EXPECT_EQ(level.matched_box_px, 0) << level.level;
  }
}

}  // namespace
}  // namespace nibble::testing

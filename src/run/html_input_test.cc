// SPDX-License-Identifier: Apache-2.0
#include "run/html_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "run/run_dir.h"
#include "support/scratch.h"

namespace nibble {
namespace {

using GatherHtmlInput = test::Scratch;

ArtifactReport scored(const std::string& name, const std::string& metrics_path) {
  ArtifactReport artifact;
  artifact.name = name;
  artifact.score = Score{};
  artifact.score->metrics_path = metrics_path;
  return artifact;
}

TEST_F(GatherHtmlInput, TakesWhatStandsInTheDirectory) {
  const auto& root = folder();
  Report report;
  report.recipes.push_back(
      {.name = "w4a16", .max_map_drop = 0, .calibration_images = 0, .quantized_layers = 0, .float_layers = {}, .skipped_layers = {}});
  report.artifacts = {scored("baseline-fp32", "baseline-coco/metrics.json"), scored("w4a16-qcdq-ptq-opt", "ptq-w4a16-coco/metrics.json")};
  write_json(root / RunNames::layers("w4a16"), {{"layers", {1, 2, 3}}});
  write_json(root / "baseline-coco/metrics.json", {{"metrics", Json::object()}});
  write_json(root / "run.json", Json::object());
  const Json manifest = {{"files", {{"ptq-w4a16-coco/layers.json", Json::object()}, {"gone.json", Json::object()}}}};
  const auto found = gather_html_input(root, report, manifest);
  EXPECT_EQ(found.layers.at("w4a16").at("layers").list().size(), 3U);
  EXPECT_TRUE(found.metrics.contains("baseline-fp32"));
  EXPECT_FALSE(found.metrics.contains("w4a16-qcdq-ptq-opt"));
  EXPECT_THAT(found.files, testing::ElementsAre("run.json", "ptq-w4a16-coco/layers.json"));
}

}  // namespace
}  // namespace nibble

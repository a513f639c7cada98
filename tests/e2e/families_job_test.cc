// SPDX-License-Identifier: Apache-2.0
// Every family through the commands: small checkpoints with random weights (tests/golden/families), 64 px and two images. What is tested is
// that each step knows the family's modules and head, not how good its files are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const fs::path kCheckpoints = fs::path(NIBBLE_SOURCE_DIR) / "tests/golden/families";
const fs::path kImages = fs::path(NIBBLE_SOURCE_DIR) / "assets/coco/val2017";

class FamilyJob : public testing::TestWithParam<std::string> {
 protected:
  /// A data set of six embedded images with the classes of the small checkpoints, and quick recipes.
  FamilyJob() {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(kImages)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    fs::create_directories(folder_ / "images");
    fs::create_directories(folder_ / "labels");
    for (std::size_t i = 0; i < 6; ++i) {
      fs::copy_file(files.at(i), folder_ / "images" / files[i].filename());
      write_file(folder_ / "labels" / (files[i].stem().string() + ".txt"), "0 0.5 0.5 0.4 0.4\n1 0.3 0.3 0.2 0.5\n");
    }
    write_file(folder_ / "data.yaml", "train: images\nval: images\nnames: {0: class 0, 1: class 1}\n");
    const std::string quick = "scale_search: max, rounding: nearest}\nbias_correction: false\ncalibration: {images: 2}\n";
    write_file(folder_ / "quick4.yaml", "name: quick4\nweights: {bits: 4, " + quick);
    write_file(folder_ / "quick8.yaml", "name: quick8\nactivations: {bits: 8}\nweights: {bits: 4, " + quick);
  }
  static std::string checkpoint(const std::string& name) { return (kCheckpoints / (name + ".pt")).string(); }
  static bool has_one2one(const std::string& name) { return fs::exists(kCheckpoints / (name + "_one2one.npy")); }
  Outcome nibble(std::vector<std::string> arguments) const {
    for (const char* more : {"--imgsz", "64", "--threads", "1"}) arguments.emplace_back(more);
    return run_nibble(arguments, folder_);
  }
  const fs::path folder_ = scratch_folder();
};

/// The shipped recipe with everything that looks at layers (GPTQ, coupled channels, gradients of the head, 8-bit activations), all
/// dialects.
TEST_P(FamilyJob, QuantizesAllDialectsToTheSameIntegers) {
  const auto outcome = nibble({"quantize", checkpoint(GetParam()), "-o", "out", "--recipe", "w4a8", "--preset", "fast", "--calib", "images",
                               "--calib-images", "2", "--dialect", "all"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, Not(HasSubstr("SKIPPED")));
  EXPECT_THAT(outcome.out, Not(HasSubstr("PROBLEM")));
  for (const auto* twins :
       {"w4a8-qcdq-ptq-opt and w4a8-qcdq-ptq", "w4a8-int4-ptq and w4a8-qcdq-ptq-opt", "w4a8-integer-ptq and w4a8-qcdq-ptq-opt"})
    EXPECT_THAT(outcome.out, HasSubstr(std::string("equal: ") + twins));
  const Json document = read_json(folder_ / "out" / (GetParam() + "-w4a8-layers.json"));
  for (const auto& layer : document["layers"]) {
    if (layer["method"] == "float") {
      EXPECT_THAT(layer["node"].get<std::string>(), testing::ContainsRegex("dfl[0-9]?\\.conv$"));
      continue;
    }
    EXPECT_EQ(layer["method"], "gptq") << layer;
    EXPECT_EQ(layer["weight_bits"], 4) << layer;
    EXPECT_EQ(layer["activation_bits"], 8) << layer;
  }
}

/// Every file of float activations, scored, proven and checked by all gates; the head that users take where the checkpoint has it.
TEST_P(FamilyJob, RunsFromTheCheckpointToPassedGates) {
  const auto outcome =
      nibble({"run", checkpoint(GetParam()), "--recipes", "quick4.yaml", "--annotations", "data.yaml", "--max-images", "2", "--calib",
              "images", "--runs-dir", ".", "--run-id", "run", "--head", has_one2one(GetParam()) ? "one2one" : "one2many"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.out << outcome.err;
  const auto run = read_json(folder_ / "run/run.json");
  EXPECT_EQ(run["status"], "done");
  EXPECT_GE(run["twins"].size(), 3U);
  for (const auto& twin : run["twins"]) EXPECT_EQ(twin["equal"], true) << twin;
  const auto gates = read_json(folder_ / "run/gates.json");
  EXPECT_EQ(gates["passed"], true);
  EXPECT_GE(gates["gates"].size(), 12U);
}

/// Each loss begins above 0, and the files are written. Distances of a random head are no boxes that could overlap an object.
TEST_P(FamilyJob, TrainsByImitationAndOnLabels) {
  const std::string head = has_one2one(GetParam()) ? "one2one" : "one2many";
  const auto outcome = nibble({"qat", checkpoint(GetParam()), "-o", "out", "--recipe", "quick8.yaml", "--data", "data.yaml", "--held-out",
                               "2", "--steps", "2", "--batch", "2", "--labels", "1", "--head", head});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(fs::exists(folder_ / "out" / (GetParam() + "-quick8-int4-qat.onnx")));
  const std::string curve = read_file(folder_ / "out" / (GetParam() + "-quick8-qat-training.csv"));
  for (const std::string part :
       {"imitate/classes", "imitate/boxes", "imitate/features", "labels/box", "labels/classes", "labels/distances"}) {
    const auto row = curve.find("\n1,loss/" + part + ",");
    ASSERT_NE(row, std::string::npos) << part << "\n" << curve;
    const bool needs_overlap = part == "labels/box" || part == "labels/distances";
    const double loss = std::stod(curve.substr(curve.find(part, row) + part.size() + 1));
    if (!needs_overlap || GetParam() != "yolo26") {
      EXPECT_GT(loss, 0) << part;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, FamilyJob,
                         testing::Values("yolov3-tiny", "yolov5-p6", "yolov8", "yolov8-ghost", "yolov9t", "yolov9e", "yolo11", "yolo12",
                                         "yolo26", "yolov9-authors"),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace nibble

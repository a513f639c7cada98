// SPDX-License-Identifier: Apache-2.0
// nibble qat on the embedded model and images: small images, few steps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "support/several_processes.h"

namespace nibble {
namespace {
using testing::AllOf;
using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kModel = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";
const std::string kImages = NIBBLE_SOURCE_DIR "/assets/coco/val2017";  // 32 of them
const std::string kLabelledImages = kImages;
const std::string kLabels = NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json";

class QatCommand : public testing::Test {
 protected:
  QatCommand() {
    write_file(folder_ / "fast.yaml",
               "name: fast\nweights: {bits: 4, rounding: nearest, scale_search: max}\nactivations: {bits: 8, range: minmax}\n"
               "calibration: {images: 2, batch: 2}\nbias_correction: false\n");
  }
  static std::vector<std::string> arguments(const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> all = {"qat",     kModel, "-o",      out, "--recipe",  "fast.yaml", "--preset",   "fast",
                                    "--imgsz", "96",   "--batch", "4", "--threads", "1",         "--held-out", "8"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome qat(const std::string& out, const std::vector<std::string>& more) { return run_nibble(arguments(out, more), folder_); }
  std::string hash(const std::string& file) { return sha256_of_file(folder_ / file); }

  const fs::path folder_ = scratch_folder();
};

TEST_F(QatCommand, TrainsOnRectangles) {
  const auto outcome =
      run_nibble({"qat",     kModel, "-o",        "out", "--recipe",   "fast.yaml", "--preset", "fast",  "--imgsz", "96,128",
                  "--batch", "4",    "--threads", "1",   "--held-out", "8",         "--data",   kImages, "--steps", "2"},
                 folder_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto json = Json::parse(run_nibble({"inspect", "out/yolov10n-fast-qcdq-qat-opt.onnx", "--json"}, folder_).out);
  EXPECT_EQ(json["metadata"]["imgsz"], "[96, 128]");
}

TEST_F(QatCommand, TrainsWithoutLabelsAndWritesTheFiles) {
  const auto outcome = qat("out", {"--data", kImages, "--epochs", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("6 steps on 24 images"));
  EXPECT_THAT(outcome.out, HasSubstr("against the float network"));
  EXPECT_THAT(outcome.err, HasSubstr("train fast: "));
  for (const std::string file : {"qcdq-qat", "qcdq-qat-opt", "int4-qat"})
    EXPECT_TRUE(fs::exists(folder_ / ("out/yolov10n-fast-" + file + ".onnx"))) << file;
  for (const std::string file : {"qat.snapshot", "qat-start.snapshot"})
    EXPECT_FALSE(fs::exists(folder_ / ("out/yolov10n-fast-" + file))) << "a finished training needs none";
  EXPECT_THAT(outcome.out, HasSubstr("losses and scores by step: out/yolov10n-fast-qat-training.csv"));
  EXPECT_THAT(read_file(folder_ / "out/yolov10n-fast-qat-training.csv"), HasSubstr("\n6,loss/total,"));
  EXPECT_FALSE(fs::is_empty(folder_ / "out/events"));
  const auto json = Json::parse(run_nibble({"inspect", "out/yolov10n-fast-qcdq-qat-opt.onnx", "--json"}, folder_).out);
  EXPECT_EQ(json["metadata"]["nibble.recipe"], "fast");
  EXPECT_EQ(json["metadata"]["nibble.method"], "qat");
  // The same findings as of a calibration alone, in the text and in the layers file.
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("82 convolutions quantised on 2 images"), HasSubstr("equal: fast-int4-qat and fast-qcdq-qat-opt"),
                    HasSubstr("layers: out/yolov10n-fast-layers.json")));
  const auto layers = read_json(folder_ / "out/yolov10n-fast-layers.json");
  EXPECT_EQ(layers["trained"], true);
  EXPECT_EQ(layers["recipe"]["quantized_layers"], 82);
  EXPECT_EQ(layers["layers"].size(), 83U);
}

TEST_F(QatCommand, EndsAfterSoManySteps) {
  const auto outcome = qat("out", {"--data", kImages, "--steps", "8"});  // 6 make an epoch
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("8 steps on 24 images"));
}

TEST_F(QatCommand, DoesNotCalibrateOnImagesItIsJudgedBy) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kImages)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  write_file(folder_ / "two.txt", files.at(0).string() + "\n" + files.at(1).string() + "\n");
  auto with_one_to_train_on = arguments("out", {"--data", kImages, "--calib", "two.txt", "--steps", "1"});
  *(std::find(with_one_to_train_on.begin(), with_one_to_train_on.end(), "--held-out") + 1) = "31";
  const auto outcome = run_nibble(with_one_to_train_on, folder_);
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("two.txt: all its images are held out"));
}

TEST_F(QatCommand, LearnsFromLabels) {
  const auto outcome = qat("out", {"--data", kLabels, "--images", kLabelledImages, "--labels", "0.5", "--augment", "1", "--epochs", "1"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("mAP_50_95 on 8 held-out images: "));
}

TEST_F(QatCommand, GoesOnAfterAnInterruptToTheSameFiles) {
  ASSERT_EQ(qat("whole", {"--data", kImages, "--epochs", "3"}).exit_code, 0);
  const auto process = start_nibble(arguments("cut", {"--data", kImages, "--epochs", "3"}), folder_);
  const fs::path snapshot = folder_ / "cut/yolov10n-fast-qat.snapshot";
  EXPECT_TRUE(happens_while_running(process, [&] { return fs::exists(snapshot); }));
  ::kill(process, SIGINT);
  const auto interrupted = wait_for(process, folder_);
  ASSERT_EQ(interrupted.exit_code, 130) << interrupted.err;
  EXPECT_THAT(interrupted.err, HasSubstr("--resume"));
  ASSERT_TRUE(fs::exists(snapshot));
  const auto again = qat("cut", {"--data", kImages, "--epochs", "3"});
  EXPECT_EQ(again.exit_code, 2) << "the unfinished training must not be lost";
  EXPECT_THAT(again.err, HasSubstr("--resume"));
  EXPECT_EQ(qat("cut", {"--data", kImages, "--epochs", "4", "--resume"}).exit_code, 3) << "other options are another run";
  const auto resumed = qat("cut", {"--data", kImages, "--epochs", "3", "--resume"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, testing::Not(HasSubstr("calibrate fast"))) << "the start was kept";
  for (const std::string file : {"qcdq-qat-opt", "int4-qat"})
    EXPECT_EQ(hash("whole/yolov10n-fast-" + file + ".onnx"), hash("cut/yolov10n-fast-" + file + ".onnx")) << file;
  EXPECT_EQ(hash("whole/yolov10n-fast-qat-training.csv"), hash("cut/yolov10n-fast-qat-training.csv"));
  EXPECT_EQ(hash("whole/yolov10n-fast-layers.json"), hash("cut/yolov10n-fast-layers.json")) << "what calibration found was kept as well";
}

/// `quantize --preset best` is a training of the same kind: it begins with what calibration found, and can be gone on with.
TEST_F(QatCommand, QuantizeWithThePresetBestTrains) {
  const std::vector<std::string> command{"quantize",  NIBBLE_SOURCE_DIR "/tests/golden/families/yolo26.pt",
                                         "-o",        "out",
                                         "--recipe",  "fast.yaml",
                                         "--preset",  "best",
                                         "--calib",   kImages,
                                         "--imgsz",   "64",
                                         "--threads", "1"};
  auto with_opset = command;
  with_opset.insert(with_opset.end(), {"--opset", "21"});
  const auto refused = run_nibble(with_opset, folder_);
  EXPECT_EQ(refused.exit_code, 4) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("--opset"));
  const auto process = start_nibble(command, folder_);
  EXPECT_TRUE(happens_while_running(process, [&] { return fs::exists(folder_ / "out/yolo26-fast-qat.snapshot"); }));
  ::kill(process, SIGINT);
  const auto interrupted = wait_for(process, folder_);
  EXPECT_EQ(interrupted.exit_code, 130) << interrupted.err;
  EXPECT_THAT(interrupted.err,
              AllOf(HasSubstr("calibrate fast: 102 of 102 convolutions"), HasSubstr("the training stands in"), HasSubstr("--resume")));
  const auto again = run_nibble(command, folder_);
  EXPECT_EQ(again.exit_code, 2) << again.err;
  EXPECT_THAT(again.err, HasSubstr("--resume")) << "the unfinished training must not be lost";
}

/// Rank 1 works in a folder of its own, so that its output is kept apart.
TEST_F(QatCommand, TwoProcessesTrainTogether) {
  const fs::path other = folder_ / "other";
  fs::create_directories(other);
  fs::copy(folder_ / "fast.yaml", other / "fast.yaml");
  const std::string both = "export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" + std::to_string(test::free_port());
  const std::vector<std::string> course = {"--data", kImages, "--steps", "1"};
  ASSERT_EQ(qat("alone", course).exit_code, 0);
  const auto started = start_nibble(arguments("two", course), folder_, both + " RANK=0;");
  const auto second = run_nibble(arguments((folder_ / "two").string(), course), other, both + " RANK=1;");
  const auto first = wait_for(started, folder_);
  ASSERT_EQ(first.exit_code, 0) << first.err;
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_THAT(first.out, HasSubstr("1 steps on 24 images"));
  EXPECT_EQ(second.out + second.err, "") << "only the first one speaks";
  EXPECT_TRUE(fs::exists(folder_ / "two/yolov10n-fast-int4-qat.onnx"));
  EXPECT_FALSE(fs::exists(folder_ / "two/yolov10n-fast-qat-start.snapshot"));
  const auto loss_of = [&](const std::string& out) {
    const std::string curve = read_file(folder_ / out / "yolov10n-fast-qat-training.csv"), name = "\n1,loss/total,";
    return std::stod(curve.substr(curve.find(name) + name.size()));
  };
  EXPECT_NEAR(loss_of("two"), loss_of("alone"), 1e-4 * loss_of("alone"));

  const auto odd = run_nibble(arguments("odd", {"--data", kImages}), folder_, "export RANK=1 WORLD_SIZE=3 MASTER_ADDR=::1 MASTER_PORT=9;");
  EXPECT_EQ(odd.exit_code, 2) << odd.err;
  EXPECT_THAT(odd.err, HasSubstr("3 processes"));
  const auto unset = run_nibble(arguments("unset", {"--data", kImages}), folder_, "export RANK=1 WORLD_SIZE=2;");
  EXPECT_EQ(unset.exit_code, 2);
  EXPECT_THAT(unset.err, HasSubstr("MASTER_ADDR"));
}

TEST_F(QatCommand, RefusesWhatCannotWork) {
  const auto expect = [&](const std::vector<std::string>& more, int code, const std::string& text) {
    const auto outcome = qat("out", more);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  };
  expect({"--data", kImages, "--labels", "1"}, 2, "no labels");
  expect({"--data", kImages, "--imitation", "0"}, 2, "nothing to learn from");
  expect({"--data", kLabels}, 2, "--images");
  std::string few;
  for (const auto& entry : fs::directory_iterator(kImages))
    if (std::count(few.begin(), few.end(), '\n') < 8) few += entry.path().string() + "\n";
  write_file(folder_ / "few.txt", few);
  expect({"--data", "few.txt"}, 3, "8 of 8 images held out");
  expect({"--data", kImages, "--dialect", "morse"}, 2, "morse");
  expect({"--data", kImages, "--resume"}, 3, "yolov10n-fast-qat.snapshot");
  expect({"--data", "nowhere"}, 3, "nowhere");
}

}  // namespace
}  // namespace nibble

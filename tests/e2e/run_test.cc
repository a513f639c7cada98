// SPDX-License-Identifier: Apache-2.0
// `nibble run` from start to end, broken off, resumed, on a full disk. Small settings: what is tested is the run, not the
// recipes' quality.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Run : public testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_ / "fast.yaml",
               "name: fast\nweights: {bits: 8, rounding: gptq, scale_search: max, error_propagation: true}\n"
               "calibration: {images: 2, batch: 2}\nbias_correction: false\n"
               "rules:\n  - {match: model.0.conv}\n  - {match: model.1.conv}\n  - {match: '*', keep_float: true}\nfp16_files: false\n");
  }
  std::vector<std::string> arguments(std::vector<std::string> more) const {
    std::vector<std::string> all = {"run", "--recipes", "fast.yaml", "--imgsz", "320", "--max-images", "4", "--runs-dir", "runs"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  Outcome nibble(const std::vector<std::string>& more, const std::string& setup = "") {
    return run_nibble(arguments(more), folder_, setup);
  }
  /// What the run "a" of a small network says, on data that `more` names.
  std::string score_small_network(const std::vector<std::string>& more, bool resume) const {
    std::vector<std::string> all = {"run",        NIBBLE_SOURCE_DIR "/tests/golden/families/yolov8.pt",
                                    "--recipes",  "fast.yaml",
                                    "--threads",  "1",
                                    "--runs-dir", "runs",
                                    "--run-id",   "a"};
    all.insert(all.end(), more.begin(), more.end());
    if (resume) all.emplace_back("--resume");
    const auto outcome = run_nibble(all, folder_);
    EXPECT_LE(outcome.exit_code, 1) << outcome.err;  // a gate may fail: the weights are random
    return outcome.err;
  }
  Json manifest(const std::string& run_id) const { return read_json(folder_ / "runs" / run_id / "run.json"); }
  std::string names_in(const fs::path& file) const {
    return Json::parse(run_nibble({"inspect", file.string(), "--json"}, folder_).out)["metadata"]["names"];
  }
  fs::path folder_ = scratch_folder();
};

TEST_F(Run, OfOneTargetScoresWhatItTakes) {
  const auto outcome = nibble({"--run-id", "a", "--target", "ort-cpu"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto root = folder_ / "runs/a";
  for (const auto* file :
       {"onnx/yolov10n-fast-ort-cpu-unpack-ptq.onnx", "ptq-fast-ort-cpu-coco/metrics.json", "ptq-fast-ort-cpu-coco/compare.json"})
    EXPECT_TRUE(fs::exists(root / file)) << file;
  EXPECT_FALSE(fs::exists(root / "onnx/yolov10n-fast-ort-cpu-int4-ptq.onnx"));
  EXPECT_EQ(read_json(root / "gates.json")["passed"], true);
  EXPECT_THAT(names_in(root / "onnx/yolov10n-baseline-fp32.onnx"), HasSubstr("0: 'person'")) << "the checkpoint has numbers for names";
  EXPECT_THAT(outcome.out, HasSubstr("have numbers for names"));
}

TEST_F(Run, LeavesACompleteRunDirectory) {
  const auto outcome = nibble({"--run-id", "a"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto root = folder_ / "runs/a";
  for (const auto* file : {"onnx/yolov10n-baseline-fp32.onnx", "onnx/yolov10n-baseline-fp16.onnx", "onnx/yolov10n-fast-qcdq-ptq.onnx",
                           "onnx/yolov10n-fast-qcdq-ptq-opt.onnx", "onnx/yolov10n-fast-int4-ptq.onnx", "onnx/yolov10n-fast-unpack-ptq.onnx",
                           "baseline-coco/metrics.json", "ptq-fast-coco/metrics.json", "ptq-fast-unpack-coco/metrics.json",
                           "ptq-fast-coco/compare.json", "summary.md", "report.html", "run.json", "gates.json", "config/fast.json",
                           "config/image-ids.txt", "env/machine.json", "env/libraries.json", "logs/nibble.log"})
    EXPECT_TRUE(fs::exists(root / file)) << file;
  const auto run = manifest("a");
  EXPECT_EQ(run["status"], "done");
  for (const auto& [path, entry] : run["files"].items()) EXPECT_EQ(entry["sha256"], sha256_of_file(root / path)) << path;
  const auto gates = read_json(root / "gates.json");
  EXPECT_EQ(gates["passed"], true);
  EXPECT_GE(gates["gates"].size(), 12U);
  ASSERT_EQ(run["twins"].size(), 3U);  // cleaned and exported, packed and cleaned, unpack and packed
  for (const auto& twin : run["twins"]) {
    EXPECT_EQ(twin["equal"], true) << twin;
    EXPECT_GT(twin["integers"], 0) << twin;
    EXPECT_EQ(twin["outputs"]["max_score"], 0.0) << twin;
  }
  EXPECT_THAT(read_file(root / "summary.md"), HasSubstr("- fast-int4-ptq and fast-qcdq-ptq-opt: "));
  EXPECT_THAT(read_file(root / "summary.md"), HasSubstr("- fast-unpack-ptq and fast-int4-ptq: "));
  EXPECT_THAT(outcome.out, HasSubstr("| fast-unpack-ptq | 0."));
  EXPECT_THAT(outcome.out, HasSubstr("with session.disable_quant_qdq=1) | "));
  int judged = 0;
  for (const auto& gate : gates["gates"]) judged += gate["subject"] == "fast-unpack-ptq" && gate["gate"] == "map_drop" ? 1 : 0;
  EXPECT_EQ(judged, 1);
  int quantised = 0;
  const Json stats = read_json(root / "ptq-fast-coco/layers.json");
  for (const auto& layer : stats["layers"]) quantised += layer["method"] == "gptq" ? 1 : 0;
  EXPECT_EQ(quantised, 2);
  EXPECT_EQ(outcome.out.substr(0, 10), read_file(root / "summary.md").substr(0, 10));
  EXPECT_THAT(outcome.out, HasSubstr("| baseline-fp32 | 0."));
  EXPECT_THAT(outcome.out, HasSubstr("| fast-qcdq-ptq-opt | 0."));
  EXPECT_THAT(outcome.out, HasSubstr("| baseline-fp32 | 1.00 | "));
  const auto page = read_file(root / "report.html");
  EXPECT_THAT(page, HasSubstr("<h2>What the runtime does"));
  EXPECT_THAT(page, HasSubstr("<h2>Twins"));
  for (const auto& artifact : run["artifacts"]) {
    const bool is_int4 = artifact["name"] == "fast-int4-ptq";
    EXPECT_EQ(artifact.contains("runtime"), artifact.contains("score") || is_int4) << artifact;
    if (!artifact.contains("runtime")) continue;
    EXPECT_GT(artifact["runtime"]["nodes_by_provider"]["CPUExecutionProvider"], 100) << artifact;
    EXPECT_EQ(artifact["runtime"]["levels"].size(), 3U) << artifact;
    EXPECT_GT(artifact["runtime"]["time_ratio"], 0.0) << artifact;
    EXPECT_EQ(artifact["runtime"].contains("folded_time_ratio"), is_int4) << artifact;
  }
  EXPECT_THAT(read_file(root / "logs/nibble.log"), HasSubstr("calibrate"));
  EXPECT_THAT(outcome.out, HasSubstr("## What is lost"));
  EXPECT_THAT(outcome.out, HasSubstr("2 calibration images are few"));
  EXPECT_EQ(read_json(root / "ptq-fast-coco/compare.json")["tensors"]["first_different"], "model.0.conv");
}

TEST_F(Run, AFailedGateIsExitCodeOne) {
  write_file(folder_ / "gates.yaml", "min_map: {baseline: 1.0}\n");
  const auto outcome = nibble({"--run-id", "a", "--gates", "gates.yaml"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("gates failed"));
  EXPECT_EQ(read_json(folder_ / "runs/a/gates.json")["passed"], false);
  EXPECT_EQ(manifest("a")["status"], "done");
}

TEST_F(Run, TheSameSeedGivesTheSameBytesAndASecondRunDoesNotOverwrite) {
  ASSERT_EQ(nibble({"--run-id", "a", "--smoke"}).exit_code, 0);
  ASSERT_EQ(nibble({"--run-id", "b", "--smoke"}).exit_code, 0);
  const auto a = manifest("a")["files"], b = manifest("b")["files"];
  int compared = 0;
  for (const auto& [path, entry] : a.items()) {
    if (!path.starts_with("onnx/")) continue;
    EXPECT_EQ(entry["sha256"], b[path]["sha256"]) << path;
    ++compared;
  }
  EXPECT_EQ(compared, 6);
  const auto again = nibble({"--run-id", "a", "--smoke"});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("--resume"));
}

TEST_F(Run, KeepsABudgetAndShowsWhatItChose) {
  write_file(folder_ / "small.yaml",
             "name: small\nweights: {rounding: nearest, scale_search: max, error_propagation: false}\n"
             "calibration: {images: 2, batch: 2}\nmixed: {images: 1, max_drop: 100}\nbias_correction: false\n"
             "rules:\n  - {match: 'model.?.conv'}\n  - {match: '*', keep_float: true}\n");
  const auto budget_of = [&](const std::string& run_id) {
    return read_json(folder_ / "runs" / run_id / "ptq-small-coco/layers.json")["budget"];
  };
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {"run", "--recipes", "small.yaml", "--imgsz", "320", "--runs-dir", "runs", "--smoke", "--threads", "1"};
    all.insert(all.end(), more.begin(), more.end());
    const auto outcome = run_nibble(all, folder_);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  };
  run({"--run-id", "a"});
  EXPECT_THAT(budget_of("a")["judge"].get<std::string>(), HasSubstr("2 images of assets/coco/train2017"));
  EXPECT_EQ(budget_of("a")["chosen"]["raised"], 0);
  EXPECT_THAT(read_file(folder_ / "runs/a/summary.md"), HasSubstr("- small: Budget: at most 100 points of mAP 50-95 below float"));
  run({"--run-id", "b", "--max-size", "90MB"});
  EXPECT_EQ(budget_of("b")["max_bytes"], 90'000'000);
  EXPECT_GT(budget_of("b")["chosen"]["raised"], 0);
  const auto config = read_json(folder_ / "runs/b/config/small.json")["mixed"];
  EXPECT_EQ(config["max_bytes"], 90'000'000);
  EXPECT_EQ(config["max_drop"], 0.0) << "the option is in its place";
  EXPECT_THAT(read_file(folder_ / "runs/b/report.html"), HasSubstr("class=\"dot\""));
}

TEST_F(Run, ResumeKeepsWhatIsRightAndMakesTheRestAgain) {
  ASSERT_EQ(nibble({"--run-id", "a"}).exit_code, 0);
  const auto onnx = folder_ / "runs/a/onnx";
  const auto kept_time = fs::last_write_time(onnx / "yolov10n-fast-qcdq-ptq.onnx");
  const auto hash = sha256_of_file(onnx / "yolov10n-baseline-fp32.onnx");
  write_file(onnx / "yolov10n-baseline-fp32.onnx", "damaged");
  const auto artifacts = manifest("a")["artifacts"];
  const auto outcome = nibble({"--run-id", "a", "--resume"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  for (const auto* stage : {"what the runtime does", "look at calibration images", "look at scored images", "measure statistics"})
    EXPECT_THAT(outcome.err, Not(HasSubstr(stage)));
  EXPECT_THAT(outcome.out, HasSubstr("2 calibration images are few")) << "what was found is said again";
  EXPECT_EQ(manifest("a")["artifacts"], artifacts) << "times too";
  EXPECT_EQ(fs::last_write_time(onnx / "yolov10n-fast-qcdq-ptq.onnx"), kept_time);
  EXPECT_EQ(sha256_of_file(onnx / "yolov10n-baseline-fp32.onnx"), hash);
  const auto manifest_hash = sha256_of_file(folder_ / "runs/a/run.json");
  const auto refused = nibble({"--run-id", "a", "--resume", "--seed", "7"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("was made with seed 0, now it is 7"));
  EXPECT_EQ(sha256_of_file(folder_ / "runs/a/run.json"), manifest_hash);
  EXPECT_THAT(nibble({"--run-id", "a", "--resume", "--calib-images", "1"}).err, HasSubstr("look at calibration images"));
}

/// The data.yaml stays what it is, and so do the files: only what the labels decide is made again.
TEST_F(Run, ResumeScoresAgainWhereLabelsChanged) {
  for (const auto* name : {"images", "labels"}) fs::create_directories(folder_ / name);
  fs::copy_file(NIBBLE_SOURCE_DIR "/assets/coco/val2017/000000000139.jpg", folder_ / "images/1.jpg");  // 640 x 426 px
  write_file(folder_ / "labels/1.txt", "0 0.01 0.01 0.005 0.005\n");
  write_file(folder_ / "data.yaml", "train: images\nval: images\nnames: [class 0, class 1]\n");
  const auto run = [&](bool resume) { return score_small_network({"--annotations", "data.yaml"}, resume); };
  const auto root = folder_ / "runs/a";
  const auto score = [&] { return read_json(root / "baseline-coco/metrics.json")["metrics"]["mAP_50_95"].get<double>(); };
  EXPECT_THAT(run(false), HasSubstr("score baseline-fp32: "));
  EXPECT_EQ(score(), 0.0);
  EXPECT_THAT(run(true), Not(HasSubstr("score baseline-fp32: "))) << "nothing changed";
  const auto best = read_json(root / "baseline-coco/detections.json").at(0);
  const auto box = best["bbox"].get<std::vector<double>>();
  write_file(folder_ / "labels/1.txt", fmt::format("{} {} {} {} {}\n", best["category_id"].get<int>(), (box[0] + box[2] / 2) / 640,
                                                   (box[1] + box[3] / 2) / 426, box[2] / 640, box[3] / 426));
  const auto calibrated = sha256_of_file(root / "onnx/yolov8-fast-int4-ptq.onnx");
  const auto resumed = run(true);
  EXPECT_THAT(resumed, HasSubstr("score baseline-fp32: "));
  EXPECT_THAT(resumed, HasSubstr("score fast-qcdq-ptq-opt: "));
  EXPECT_THAT(resumed, Not(HasSubstr("calibrate fast")));
  EXPECT_GT(score(), 0.0);
  EXPECT_EQ(sha256_of_file(root / "onnx/yolov8-fast-int4-ptq.onnx"), calibrated);
}

/// Names and labels stay what they are: the pixels alone are others.
TEST_F(Run, ResumeScoresAgainWhereImagesChanged) {
  const fs::path images = NIBBLE_SOURCE_DIR "/assets/coco/val2017";
  fs::create_directories(folder_ / "images");
  fs::copy_file(images / "000000000139.jpg", folder_ / "images/1.png");
  write_json(folder_ / "two.json", {{"images", {{{"id", 1}, {"file_name", "1.png"}}}},
                                    {"categories", {{{"id", 1}, {"name", "class 0"}}, {{"id", 2}, {"name", "class 1"}}}},
                                    {"annotations", {{{"id", 1}, {"image_id", 1}, {"category_id", 1}, {"bbox", {1, 1, 9, 9}}}}}});
  const auto run = [&](bool resume) { return score_small_network({"--images", "images", "--annotations", "two.json"}, resume); };
  EXPECT_THAT(run(false), HasSubstr("look at scored images"));
  EXPECT_THAT(run(true), AllOf(Not(HasSubstr("score baseline-fp32: ")), Not(HasSubstr("look at scored images")))) << "nothing changed";
  fs::copy_file(images / "000000000285.jpg", folder_ / "images/1.png", fs::copy_options::overwrite_existing);
  EXPECT_THAT(run(true), AllOf(HasSubstr("score baseline-fp32: "), HasSubstr("look at scored images"), Not(HasSubstr("calibrate fast"))));
}

TEST_F(Run, AnInterruptKeepsWhatIsFinishedAndCanBeResumed) {
  const auto process = start_nibble(arguments({"--run-id", "a"}), folder_);
  const auto metrics = folder_ / "runs/a/onnx/yolov10n-baseline-fp16.onnx";
  EXPECT_TRUE(happens_while_running(process, [&] { return fs::exists(metrics); }));
  ::kill(process, SIGINT);
  const auto outcome = wait_for(process, folder_);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  const auto run = manifest("a");
  EXPECT_EQ(run["status"], "interrupted");
  EXPECT_THAT(outcome.err, HasSubstr("--run-id a --resume"));
  EXPECT_EQ(read_json(folder_ / "runs/a/gates.json")["passed"], nullptr);
  for (const auto& [path, entry] : run["files"].items()) EXPECT_EQ(entry["sha256"], sha256_of_file(folder_ / "runs/a" / path)) << path;
  EXPECT_THAT(read_file(folder_ / "runs/a/summary.md"), HasSubstr("interrupted"));
  EXPECT_EQ(nibble({"--run-id", "a", "--resume"}).exit_code, 0);
  EXPECT_EQ(manifest("a")["status"], "done");
}

class TrainedRun : public Run {
 protected:
  void SetUp() override {
    write_file(folder_ / "low.yaml",
               "name: low\nweights: {bits: 4, rounding: nearest, scale_search: max}\nactivations: {bits: 8, range: minmax}\n"
               "calibration: {images: 2, batch: 2}\nbias_correction: false\ngates: {max_map_drop: 1}\n");
  }
  static std::vector<std::string> arguments(std::vector<std::string> more) {
    std::vector<std::string> all = {"run",       "--recipes",  "low.yaml",
                                    "--imgsz",   "96",         "--max-images",
                                    "4",         "--runs-dir", "runs",
                                    "--threads", "1",          "--qat",
                                    "low",       "--qat-data", NIBBLE_SOURCE_DIR "/assets/coco/train2017"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  /// Onnx files and the curve of the training.
  Json hashes(const std::string& run_id) const {
    Json result;
    const Json run = manifest(run_id);
    for (const auto& [path, entry] : run["files"].items())
      if (path.starts_with("onnx/") || path.ends_with(".csv")) result[path] = entry["sha256"];
    return result;
  }
};

TEST_F(TrainedRun, ShowsFloatCalibratedAndTrainedFilesSideBySide) {
  const auto outcome = run_nibble(arguments({"--run-id", "a", "--qat-steps", "2"}), folder_);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto root = folder_ / "runs/a";
  for (const auto* file : {"onnx/yolov10n-low-qcdq-qat.onnx", "onnx/yolov10n-low-qcdq-qat-opt.onnx", "onnx/yolov10n-low-int4-qat.onnx",
                           "onnx/yolov10n-low-integer-qat.onnx", "qat-low-coco/metrics.json", "qat-low-coco/compare.json",
                           "qat-low-integer-coco/metrics.json", "qat-low-coco/training.csv", "qat-low-coco/training.json"})
    EXPECT_TRUE(fs::exists(root / file)) << file;
  for (const auto* file : {"start.snapshot", "training.snapshot", "held-out.onnx"})
    EXPECT_FALSE(fs::exists(root / "qat-low-coco" / file)) << file;
  EXPECT_THAT(outcome.err, HasSubstr("train low: "));
  for (const auto* row : {"| baseline-fp32 | 0.", "| low-qcdq-ptq-opt | 0.", "| low-qcdq-qat-opt | 0.", "| map_drop | low-qcdq-qat-opt |",
                          "- low: 2 steps on 48 images; mAP_50_95 on 16 held-out images (against the float network): "})
    EXPECT_THAT(outcome.out, HasSubstr(row));
  const auto run = manifest("a");
  EXPECT_EQ(run["qat"]["recipes"], Json({"low"}));
  EXPECT_EQ(run["trainings"][0]["steps"], 2);
  EXPECT_EQ(run["inputs"]["training"]["low"]["training"], 48);
  EXPECT_EQ(run["twins"].size(), 6U);  // three for each of both
  for (const auto& twin : run["twins"]) EXPECT_EQ(twin["equal"], true) << twin;
  for (const auto& [path, entry] : run["files"].items()) EXPECT_EQ(entry["sha256"], sha256_of_file(root / path)) << path;
  Json calibrated = read_json(root / "ptq-low-coco/layers.json");
  const Json trained = read_json(root / "qat-low-coco/layers.json");
  EXPECT_FALSE(calibrated["layers"].empty());
  EXPECT_TRUE(calibrated["agreement"]["held_out"].get<bool>());
  calibrated.erase("agreement");  // of a trained network the training says what held-out images show
  calibrated["trained"] = true;
  EXPECT_TRUE(trained == calibrated) << Json::diff(calibrated, trained).dump();
  EXPECT_THAT(read_file(root / "report.html"), HasSubstr("training loss"));
  EXPECT_THAT(read_file(root / "qat-low-coco/training.csv"), HasSubstr("\n2,loss/total,"));
}

TEST_F(TrainedRun, GoesOnAfterAnInterruptToTheSameFiles) {
  ASSERT_EQ(run_nibble(arguments({"--run-id", "whole", "--smoke", "--qat-steps", "18"}), folder_).exit_code, 0);
  const auto process = start_nibble(arguments({"--run-id", "cut", "--smoke", "--qat-steps", "18"}), folder_);
  const fs::path snapshot = folder_ / "runs/cut/qat-low-coco/training.snapshot";
  EXPECT_TRUE(happens_while_running(process, [&] { return fs::exists(snapshot); }));
  ::kill(process, SIGINT);
  const auto interrupted = wait_for(process, folder_);
  ASSERT_EQ(interrupted.exit_code, 130) << interrupted.err;
  EXPECT_THAT(interrupted.err, HasSubstr("--run-id cut --resume"));
  ASSERT_TRUE(fs::exists(snapshot));
  const auto other = run_nibble(arguments({"--run-id", "cut", "--smoke", "--qat-steps", "24", "--resume"}), folder_);
  EXPECT_EQ(other.exit_code, 2) << "other options are another run";
  EXPECT_THAT(other.err, HasSubstr("was made with qat"));
  const auto resumed = run_nibble(arguments({"--run-id", "cut", "--smoke", "--qat-steps", "18", "--resume"}), folder_);
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, Not(HasSubstr("calibrate low")));
  EXPECT_EQ(hashes("cut"), hashes("whole"));
}

TEST_F(TrainedRun, RefusesWhatCannotWork) {
  const auto expect = [&](const std::vector<std::string>& more, int code, const std::string& text) {
    std::vector<std::string> all = {"run", "--recipes", "low.yaml", "--imgsz", "96", "--runs-dir", "runs"};
    all.insert(all.end(), more.begin(), more.end());
    const auto outcome = run_nibble(all, folder_);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  };
  expect({"--qat", "w8a8"}, 2, "not among --recipes low.yaml");
  expect({"--qat-steps", "3"}, 2, "--qat");
  expect({"--qat", "low", "--qat-data", "nowhere"}, 3, "nowhere");
  expect({"--qat", "low", "--qat-data", NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json"}, 2, "--qat-images");
}

TEST_F(Run, AFullDiskIsAnEnvironmentErrorAndTheRunSaysFailed) {
  const auto outcome = nibble({"--run-id", "a", "--smoke"}, "ulimit -f 2000;");  // 1 MB: the manifest fits, a model does not
  EXPECT_EQ(outcome.exit_code, 5) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("cannot write file"));
  EXPECT_EQ(manifest("a")["status"], "failed");
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "runs")) EXPECT_NE(entry.path().extension(), ".part") << entry.path();
}

TEST_F(Run, AFailureBeforeTheFirstStageIsRecordedToo) {
  fs::create_directories(folder_ / "runs/a/logs/nibble.log");  // a folder where the log should be
  const auto outcome = nibble({"--run-id", "a", "--smoke"});
  EXPECT_EQ(outcome.exit_code, 5) << outcome.err;
  EXPECT_EQ(manifest("a")["status"], "failed");
  EXPECT_THAT(manifest("a")["error"].get<std::string>(), HasSubstr("nibble.log"));
}

TEST_F(Run, WarnsWhenCalibrationAndEvaluationShareImages) {
  const auto outcome = nibble({"--run-id", "a", "--calib", NIBBLE_SOURCE_DIR "/assets/coco/val2017"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("nibble: warning: "));
  EXPECT_THAT(read_file(folder_ / "runs/a/summary.md"), HasSubstr("calibration images are also scored"));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Several processes share the images of eval, quantize and run: the same files and numbers as one makes, whatever their number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <map>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "support/several_processes.h"

namespace nibble {
namespace {
using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kModel = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";
/// A small network of the same kind with random weights, where it does not matter what is found.
const std::string kSmallModel = NIBBLE_SOURCE_DIR "/tests/golden/families/yolov8.pt";
const std::string kImages = NIBBLE_SOURCE_DIR "/assets/coco/val2017";
const std::string kLabels = NIBBLE_SOURCE_DIR "/assets/coco/instances_val2017_32.json";

class SeveralProcesses : public testing::Test {
 protected:
  /// Process `rank` writes what it says into a folder of its own; paths in `arguments` are relative to that of process 0.
  std::vector<Outcome> together(int size, const std::vector<std::string>& arguments, const std::string& slurm_or_torchrun = "torchrun") {
    const auto port = std::to_string(test::free_port());
    std::vector<pid_t> started;
    std::vector<fs::path> folders;
    for (int rank = 0; rank < size; ++rank) {
      folders.push_back(rank == 0 ? folder_ : folder_ / ("rank" + std::to_string(rank)));
      fs::create_directories(folders.back());
      const std::string number = std::to_string(rank), all = std::to_string(size);
      started.push_back(
          start_nibble(arguments, folders.back(),
                       slurm_or_torchrun == "slurm"
                           ? "export SLURM_STEP_NUM_TASKS=" + all + " SLURM_PROCID=" + number + " SLURM_LOCALID=" + number +
                                 " SLURM_STEP_NODELIST=127.0.0.1 MASTER_PORT=" + port + ";"
                           : "export WORLD_SIZE=" + all + " RANK=" + number + " MASTER_ADDR=127.0.0.1 MASTER_PORT=" + port + ";"));
    }
    std::vector<Outcome> outcomes;
    for (std::size_t rank = 0; rank < started.size(); ++rank) outcomes.push_back(wait_for(started[rank], folders[rank]));
    return outcomes;
  }
  /// All succeed, and none but process 0 speaks.
  void expect_done(const std::vector<Outcome>& outcomes) {
    for (std::size_t rank = 0; rank < outcomes.size(); ++rank) {
      EXPECT_EQ(outcomes[rank].exit_code, 0) << rank << ": " << outcomes[rank].err;
      if (rank > 0) {
        EXPECT_EQ(outcomes[rank].out + outcomes[rank].err, "");
      }
    }
  }
  /// Of process 0 of two, when process 1 was killed as soon as process 0 had said `sign`.
  Outcome first_of_two_after_a_kill(const std::vector<std::string>& arguments, const std::string& sign) {
    const auto port = std::to_string(test::free_port());
    const auto setup = [&](int rank) {
      return "export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=" + port + " RANK=" + std::to_string(rank) + ";";
    };
    const fs::path other = folder_ / "rank1";
    fs::create_directories(other);
    write_file(folder_ / "stderr.txt", "");  // no words of an earlier command
    const auto first = start_nibble(arguments, folder_, setup(0));
    const auto killed = start_nibble(arguments, other, setup(1));
    EXPECT_TRUE(happens_while_running(first, [&] { return read_file(folder_ / "stderr.txt").find(sign) != std::string::npos; })) << sign;
    ::kill(killed, SIGKILL);
    auto outcome = wait_for(first, folder_);
    wait_for(killed, other);
    return outcome;
  }
  std::string at(const std::string& file) const { return (folder_ / file).string(); }

  const fs::path folder_ = scratch_folder();
};

TEST_F(SeveralProcesses, ScoreAsOneDoes) {
  ASSERT_EQ(run_nibble({"export", kModel, "-o", "float.onnx", "--imgsz", "96"}, folder_).exit_code, 0);
  const auto arguments = [&](int size) {
    const std::string number = std::to_string(size);
    return std::vector<std::string>{"eval",
                                    at("float.onnx"),
                                    "--images",
                                    kImages,
                                    "--annotations",
                                    kLabels,
                                    "--threads",
                                    "1",
                                    "--skip-latency",
                                    "--json",
                                    at(number + ".json"),
                                    "--save-detections",
                                    at(number + ".detections.json")};
  };
  const auto alone = run_nibble(arguments(1), folder_);
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  for (const int size : {2, 4}) {
    const auto outcomes = together(size, arguments(size), size == 4 ? "slurm" : "torchrun");
    expect_done(outcomes);
    const std::string number = std::to_string(size);
    EXPECT_EQ(read_file(at(number + ".json")), read_file(at("1.json"))) << number;
    EXPECT_EQ(sha256_of_file(at(number + ".detections.json")), sha256_of_file(at("1.detections.json"))) << number;
  }
}

/// Gradients of the head steer the rounding of one recipe; damages of layers and trials of exported files choose the bits of the other.
TEST_F(SeveralProcesses, QuantizeToTheSameBytes) {
  const std::string rest = "activations: {bits: 8, range: minmax}\ncalibration: {images: 5, batch: 2}\n";
  write_file(folder_ / "seen.yaml", "name: seen\nweights: {bits: 4, scale_search: max}\n" + rest);
  write_file(folder_ / "tried.yaml",
             "name: tried\nweights: {bits: 2, rounding: nearest, scale_search: max}\nmixed: {max_drop: 8, images: 3}\n" + rest);
  const std::map<std::string, std::vector<std::string>> stages = {
      {"seen", {"gradients seen: of 59 convolutions on 5 images", "scores of seen: "}},
      {"tried", {"sensitivity tried: 59 layers in two forms on 3 images", "judge tried: ", "trial 2 of tried"}}};
  for (const auto& [recipe, wanted] : stages) {
    const auto arguments = [&, recipe = recipe](const std::string& out) {
      return std::vector<std::string>{"quantize", kSmallModel, "-o",      at(out), "--recipe",  at(recipe + ".yaml"),
                                      "--calib",  kImages,     "--imgsz", "96",    "--threads", "1"};
    };
    const auto alone = run_nibble(arguments("1"), folder_);
    ASSERT_EQ(alone.exit_code, 0) << alone.err;
    for (const auto& stage : wanted) EXPECT_THAT(alone.err, HasSubstr(stage));
    for (const std::string size : {"2", "4"}) {
      expect_done(together(std::stoi(size), arguments(size)));
      for (const std::string file : {"-qcdq-ptq.onnx", "-qcdq-ptq-opt.onnx", "-int4-ptq.onnx", "-layers.json"})
        EXPECT_EQ(sha256_of_file(at(size + "/yolov8-" + recipe + file)), sha256_of_file(at("1/yolov8-" + recipe + file)))
            << size << " " << file;
    }
  }
}

TEST_F(SeveralProcesses, RunToTheSameFilesAndNumbers) {
  write_file(folder_ / "near.yaml",
             "name: near\nweights: {bits: 8, rounding: nearest, scale_search: max}\nactivations: {bits: 8, range: minmax}\n"
             "calibration: {images: 2}\n");
  const auto arguments = [&](const std::string& id, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"run", kModel,      "--recipes", at("near.yaml"), "--max-images", "20",       "--imgsz",
                                    "96",  "--threads", "1",         "--runs-dir",    at("runs"),     "--run-id", id};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto alone = run_nibble(arguments("alone"), folder_);
  ASSERT_THAT(alone.exit_code, testing::AnyOf(0, 1)) << alone.err;
  const auto outcomes = together(2, arguments("two"));
  EXPECT_EQ(outcomes[0].exit_code, alone.exit_code) << outcomes[0].err;
  EXPECT_EQ(outcomes[1].exit_code, 0) << outcomes[1].err;
  EXPECT_EQ(outcomes[1].out + outcomes[1].err, "");
  for (const auto& entry : fs::directory_iterator(folder_ / "runs/alone/onnx"))
    EXPECT_EQ(sha256_of_file(entry.path()), sha256_of_file(folder_ / "runs/two/onnx" / entry.path().filename())) << entry.path();
  for (const std::string scored : {"baseline-coco", "ptq-near-coco"}) {
    EXPECT_EQ(sha256_of_file(at("runs/two/" + scored + "/detections.json")),
              sha256_of_file(at("runs/alone/" + scored + "/detections.json")));
    EXPECT_EQ(read_json(at("runs/two/" + scored + "/metrics.json"))["metrics"],
              read_json(at("runs/alone/" + scored + "/metrics.json"))["metrics"]);
  }
  // What a run of several left, one goes on with, and the other way round.
  fs::remove(at("runs/two/ptq-near-coco/metrics.json"));
  EXPECT_EQ(run_nibble(arguments("two", {"--resume"}), folder_).exit_code, alone.exit_code);
  fs::remove(at("runs/alone/ptq-near-coco/metrics.json"));
  EXPECT_EQ(together(2, arguments("alone", {"--resume"}))[0].exit_code, alone.exit_code);
}

TEST_F(SeveralProcesses, AKilledOneIsNamed) {
  ASSERT_EQ(run_nibble({"export", kModel, "-o", "float.onnx", "--imgsz", "640"}, folder_).exit_code, 0);
  const auto outcome = first_of_two_after_a_kill(
      {"eval", at("float.onnx"), "--images", kImages, "--annotations", kLabels, "--threads", "1", "--skip-latency"}, " % (");
  EXPECT_EQ(outcome.exit_code, 5) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("process 0 of 2: process 1 has stopped"));
}

/// In a run, while the gradients of the head are shared: what was done before stays, and two go on to the files of an undisturbed run.
TEST_F(SeveralProcesses, ARunGoesOnAfterAKilledOne) {
  write_file(folder_ / "seen.yaml",
             "name: seen\nweights: {bits: 8, scale_search: max}\nactivations: {bits: 0}\ncalibration: {images: 16, batch: 4}\n");
  const auto arguments = [&](const std::string& id, const std::vector<std::string>& more = {}) {
    std::vector<std::string> all = {"run", kModel,      "--recipes", at("seen.yaml"), "--max-images", "8",        "--imgsz",
                                    "160", "--threads", "1",         "--runs-dir",    at("runs"),     "--run-id", id};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto alone = run_nibble(arguments("alone"), folder_);
  ASSERT_THAT(alone.exit_code, testing::AnyOf(0, 1)) << alone.err;
  const auto outcome = first_of_two_after_a_kill(arguments("two"), "gradients seen: ");
  EXPECT_EQ(outcome.exit_code, 5) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("process 0 of 2: process 1 has stopped"));
  EXPECT_FALSE(fs::exists(at("runs/two/summary.json")));
  const std::string scored = at("runs/two/baseline-coco/detections.json");
  const auto written = fs::last_write_time(scored);
  const auto outcomes = together(2, arguments("two", {"--resume"}));
  EXPECT_EQ(outcomes[0].exit_code, alone.exit_code) << outcomes[0].err;
  EXPECT_EQ(fs::last_write_time(scored), written) << "the float file was scored again";
  for (const auto& entry : fs::directory_iterator(folder_ / "runs/alone/onnx"))
    EXPECT_EQ(sha256_of_file(entry.path()), sha256_of_file(folder_ / "runs/two/onnx" / entry.path().filename())) << entry.path();
}

/// What process 0 cannot do ends the others too, and an error of another one is told by process 0 alone.
TEST_F(SeveralProcesses, ErrorsAreToldOnce) {
  const auto outcomes = together(2, {"eval", at("nowhere.onnx"), "--images", kImages, "--annotations", kLabels});
  EXPECT_EQ(outcomes[0].exit_code, 3) << outcomes[0].err;
  EXPECT_THAT(outcomes[0].err, HasSubstr("nowhere.onnx"));
  EXPECT_EQ(outcomes[1].exit_code, 5);
  EXPECT_THAT(outcomes[1].err, HasSubstr("process 1 of 2: process 0 has stopped; its own message says why"));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Several processes share the images of eval, quantize and run: the same files and numbers as one makes, whatever their number.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"
#include "support/several_processes.h"

namespace nibble {
namespace {
using testing::HasSubstr;
namespace fs = std::filesystem;

const std::string kModel = NIBBLE_SOURCE_DIR "/assets/yolov10n.pt";
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

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// No command opens a connection: each runs where the kernel kills a process that asks for a socket (without_network.cc).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

#include "base/files.h"
#include "e2e/process.h"

namespace nibble {
namespace {

const std::string kWatch = NIBBLE_BINARY_DIR "/without_network";
const std::string kAssets = NIBBLE_SOURCE_DIR "/assets";
const std::string kModel = kAssets + "/yolov10n.pt";

int status_of(const std::string& command) { return std::system(command.c_str()); }
bool can_watch() {
  const int status = status_of(kWatch + " true");
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

class Privacy : public testing::Test {
 protected:
  void SetUp() override {
    if (!can_watch()) GTEST_SKIP() << "this kernel, or the container, lets nobody filter system calls";
  }
  void expect_done(const std::vector<std::string>& arguments) {
    SCOPED_TRACE(testing::PrintToString(arguments));
    const auto process = start_nibble(arguments, folder_, "exec " + kWatch + " sh -c '\"$@\"' sh");
    int status = 0;
    ::waitpid(process, &status, 0);
    ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status)
                                   << (WTERMSIG(status) == SIGSYS ? ": it asked for a socket" : "");
    EXPECT_EQ(WEXITSTATUS(status), 0) << read_file(folder_ / "stderr.txt");
  }
  std::filesystem::path folder_ = scratch_folder();
};

TEST_F(Privacy, TheWatchKillsWhatOpensASocketAndNothingElse) {
  // bash opens connections itself; nothing listens at port 9, and the answer of an unwatched one is a refusal.
  const auto ask = [](const std::string& watch) { return status_of(watch + " bash -c 'exec 3<>/dev/tcp/127.0.0.1/9' 2>/dev/null"); };
  const int alone = ask(""), watched = ask("exec " + kWatch);
  EXPECT_TRUE(WIFEXITED(alone));
  EXPECT_TRUE(WIFSIGNALED(watched) && WTERMSIG(watched) == SIGSYS) << watched;
}

TEST_F(Privacy, NoCommandOpensAConnection) {
  write_file(folder_ / "near.yaml",
             "name: near\nweights: {bits: 8, rounding: nearest, scale_search: max, error_propagation: false}\n"
             "calibration: {images: 1, batch: 1}\nbias_correction: false\nfp16_files: false\n");
  expect_done({"doctor"});
  expect_done({"inspect", kModel});
  expect_done({"run", "--recipes", "near.yaml", "--imgsz", "160", "--max-images", "2", "--runs-dir", "runs", "--run-id", "a", "--threads",
               "1", "--resamples", "100"});
  expect_done({"verify", "runs/a"});
  const std::string file = "runs/a/onnx/yolov10n-near-qcdq-ptq-opt.onnx";
  expect_done({"predict", file, "--source", kAssets + "/coco/val2017/000000000139.jpg", "-o", "seen"});
  expect_done({"profile", file, "--threads", "1", "--runs", "1"});
  expect_done({"qat",     kModel,    "-o", "trained",   "--recipe", "near.yaml",  "--preset", "fast",   "--imgsz",
               "96",      "--batch", "4",  "--threads", "1",        "--held-out", "8",        "--data", kAssets + "/coco/val2017",
               "--steps", "1"});
}

}  // namespace
}  // namespace nibble

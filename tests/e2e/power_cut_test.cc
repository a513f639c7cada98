// SPDX-License-Identifier: Apache-2.0
// A run that lost power (power_cut.cc) goes on from what its disk kept, to the same ONNX files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <map>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;

class PowerCut : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    GTEST_SKIP() << "a build with sanitizers, which must be loaded first";
#endif
    write_file(folder_ / "near.yaml",
               "name: near\nweights: {bits: 4, rounding: nearest, scale_search: max, error_propagation: false}\n"
               "calibration: {images: 1, batch: 1}\nbias_correction: false\nfp16_files: false\n");
  }
  static std::vector<std::string> arguments(const std::string& run_id, bool resume = false) {
    std::vector<std::string> all = {"run",        "--recipes", "near.yaml", "--imgsz", "96",       "--smoke",
                                    "--runs-dir", "runs",      "--threads", "1",       "--run-id", run_id};
    if (resume) all.emplace_back("--resume");
    return all;
  }
  /// Whether power was lost; a process that ends before the k-th rename does not lose it.
  bool loses_power(const std::vector<std::string>& arguments, int at, bool keeps_names) const {
    int status = 0;
    const std::string names = keeps_names ? "export NIBBLE_POWER_CUT_KEEPS_NAMES=1;" : "";
    ::waitpid(start_nibble(arguments, folder_, names + setup(at, folder_ / "runs")), &status, 0);
    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    EXPECT_TRUE(killed || (WIFEXITED(status) && WEXITSTATUS(status) == 0)) << read_file(folder_ / "stderr.txt");
    return killed;
  }
  /// power_cut_writer, which loses power at the rename of that number.
  void write_files_until(int at) const {
    const auto command = setup(at, folder_) + "'" NIBBLE_BINARY_DIR "/power_cut_writer' '" + folder_.string() + "' >/dev/null 2>&1";
    const int status = std::system(command.c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGKILL) << status;
  }
  static std::string setup(int at, const fs::path& root) {
    return "export NIBBLE_POWER_CUT_AT=" + std::to_string(at) + " NIBBLE_POWER_CUT_ROOT='" + root.string() +
           "' LD_PRELOAD=" NIBBLE_BINARY_DIR "/libpower_cut.so;";
  }
  std::map<std::string, std::string> onnx_files(const std::string& run_id) const {
    std::map<std::string, std::string> hashes;
    for (const auto& entry : fs::directory_iterator(folder_ / "runs" / run_id / "onnx"))
      hashes[entry.path().filename().string()] = sha256_of_file(entry.path());
    return hashes;
  }
  fs::path folder_ = scratch_folder();
};

TEST_F(PowerCut, KeepsWhatWasWrittenDurablyAndNothingElse) {
  write_file(folder_ / "older", "here");
  fs::last_write_time(folder_ / "older", fs::file_time_type::clock::now() - std::chrono::hours(1));
  for (const int at : {2, 3}) {
    write_files_until(at);
    EXPECT_EQ(read_file(folder_ / "durable"), "here");
    EXPECT_EQ(read_file(folder_ / "older"), "here");
    EXPECT_FALSE(fs::exists(folder_ / "other"));
    EXPECT_FALSE(fs::exists(folder_ / "never"));
  }
}

/// As a file system does that writes names before content.
TEST_F(PowerCut, EmptiesAFileThatTookTheNameOfAnother) {
  write_file(folder_ / "other", "older");
  write_files_until(3);
  EXPECT_EQ(read_file(folder_ / "other"), "");
}

TEST_F(PowerCut, ARunGoesOnFromWhatTheDiskKept) {
  const auto whole = run_nibble(arguments("whole"), folder_);
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const auto expected = onnx_files("whole");
  ASSERT_GE(expected.size(), 5U);
  int cuts = 0;
  for (int at = 1; at < 200; at *= 3, ++cuts) {
    const auto id = "cut" + std::to_string(at);
    SCOPED_TRACE(id);
    if (!loses_power(arguments(id), at, cuts % 2 == 0)) break;
    const bool has_manifest = fs::exists(folder_ / "runs" / id / "run.json");
    const auto outcome = run_nibble(arguments(id, has_manifest), folder_);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(onnx_files(id), expected);
    fs::remove_all(folder_ / "runs" / id);
  }
  EXPECT_GE(cuts, 4) << "a run has so many renames";
}

}  // namespace
}  // namespace nibble

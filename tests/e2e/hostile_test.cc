// SPDX-License-Identifier: Apache-2.0
// Files from the internet that end, hold up, fill or fool a program that trusts them (tests/golden/hostile): one line each, exit 3, nothing
// written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "base/files.h"
#include "base/json.h"
#include "e2e/process.h"

namespace nibble {
namespace {
namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

const fs::path kHostile = NIBBLE_SOURCE_DIR "/tests/golden/hostile";

class Hostile : public testing::Test {
 protected:
  Outcome nibble(const std::vector<std::string>& arguments, const std::string& setup = "") { return run_nibble(arguments, folder_, setup); }
  static std::string path(const std::string& name) { return (kHostile / name).string(); }
  void expect_line(const Outcome& outcome, const std::string& name, const std::string& part) {
    EXPECT_EQ(outcome.exit_code, 3) << name << ": " << outcome.err;
    EXPECT_EQ(outcome.out, "") << name;
    EXPECT_EQ(lines_of(outcome.err).size(), 1U) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(name));
    EXPECT_THAT(outcome.err, HasSubstr(part));
  }
  fs::path folder_ = scratch_folder();
};

struct Case {
  const char* file;
  const char* cleaned;   ///< a part of the line that `clean` ends with
  const char* profiled;  ///< the same of `profile`
};
const Case kCases[] = {
    {"stride_0.onnx", "strides holds 0", "ONNX Runtime crashed while loading it"},
    {"divided_least.onnx", "divides the least integer by -1", "ONNX Runtime crashed while loading it"},
    {"divided_least_hidden.onnx", "ONNX Runtime crashed while running it", "ONNX Runtime crashed while loading it"},
    {"doubled_forty_times.onnx", "takes more than the", "takes more than the"},
    {"endless_loop.onnx", "running it did not end within 3 s", "did not end within 3 s"},
    {"circle.onnx", "circle", "not acyclic"},
};

/// What ends by itself or by its memory has time for it on a busy machine too.
std::string seconds_for(const Case& row) { return std::string(row.file) == "endless_loop.onnx" ? "3" : "120"; }

TEST_F(Hostile, CleanWritesNothing) {
  for (const auto& row : kCases) {
    expect_line(
        nibble({"clean", path(row.file), "-o", "out.onnx", "--load-seconds", seconds_for(row), "--load-memory", "0.5", "--threads", "1"}),
        row.file, row.cleaned);
    EXPECT_FALSE(fs::exists(folder_ / "out.onnx")) << row.file;
  }
  expect_line(nibble({"clean", path("given_twice.onnx"), "-o", "out.onnx"}), "given_twice.onnx", "the value 'w' is given twice");
  expect_line(nibble({"clean", path("no_such_operator.onnx"), "-o", "out.onnx"}), "no_such_operator.onnx",
              "the original does not run here, so that nothing can be compared");
  EXPECT_FALSE(fs::exists(folder_ / "out.onnx"));
}

TEST_F(Hostile, ProfileRefusesThem) {
  for (const auto& row : kCases)
    expect_line(nibble({"profile", path(row.file), "--load-seconds", seconds_for(row), "--load-memory", "0.5", "--threads", "1"}), row.file,
                row.profiled);
}

TEST_F(Hostile, AStopIsHeardWhileAFileIsTried) {
  const auto process = start_nibble({"profile", path("endless_loop.onnx"), "--threads", "1"}, folder_);
  EXPECT_TRUE(happens_while_running(process, [&] { return has_child(process); })) << "the child that tries it";
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_EQ(::kill(process, SIGHUP), 0);
  const auto outcome = wait_for(process, folder_);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(Hostile, TerminalCodesDoNotReachTheTerminal) {
  for (const std::vector<std::string>& command : {std::vector<std::string>{"inspect", path("terminal_codes.onnx")},
                                                  {"inspect", path("terminal_codes.onnx"), "--json"},
                                                  {"profile", path("terminal_codes.onnx")}}) {
    const auto outcome = nibble(command);
    for (const auto& text : {outcome.out, outcome.err}) {
      EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
      EXPECT_EQ(text.find('\x07'), std::string::npos) << text;
      EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos) << text;
    }
  }
  EXPECT_THAT(nibble({"inspect", path("terminal_codes.onnx")}).out, HasSubstr("\\x1b[2Jmaker"));
  const auto json = Json::parse(nibble({"inspect", path("terminal_codes.onnx"), "--json"}).out);
  EXPECT_NE(json.dump().find("\\u001b[31m"), std::string::npos) << "the file's own words, escaped as JSON does";
}

TEST_F(Hostile, APictureBombIsOneLine) {
  const auto bomb = path("says_900_million_pixels.png");
  fs::create_directories(folder_ / "pictures");
  fs::copy_file(bomb, folder_ / "pictures/bomb.png");
  const auto outcome = nibble({"doctor", "--calib", "pictures"});
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("30000 x 30000 pixels"));
  // What libpng itself says of a file that ends behind its header is not shown.
  const auto decoded = nibble({"doctor", "--calib", "pictures", "--max-image-pixels", "1000000000"});
  EXPECT_THAT(decoded.err, Not(HasSubstr("libpng")));
  EXPECT_THAT(decoded.out + decoded.err, HasSubstr("not an image OpenCV can decode"));
}

TEST_F(Hostile, TooLittleMemoryIsSaidNotWaitedFor) {
  for (const auto* limit : {"ulimit -v 300000;", "ulimit -v 500000;", "ulimit -v 1000000;"}) {
    const auto outcome = nibble({"run", "--runs-dir", "runs", "--run-id", "r"}, limit);
    EXPECT_EQ(outcome.exit_code, 5) << limit << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("not enough memory")) << limit;
  }
}

}  // namespace
}  // namespace nibble

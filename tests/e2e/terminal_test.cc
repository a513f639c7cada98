// SPDX-License-Identifier: Apache-2.0
// What a user sees who has a terminal: one line that is drawn again and again, never longer than the window, and gone when it is done.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/files.h"
#include "e2e/process.h"

namespace nibble {
namespace {
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr unsigned short kColumns = 40;

/// What `build/nibble` writes to a terminal of kColumns that is its standard error; its standard output goes to a file.
std::string seen_on_a_terminal(const std::vector<std::string>& arguments, int& exit_code) {
  int terminal = -1;
  const winsize size{.ws_row = 24, .ws_col = kColumns, .ws_xpixel = 0, .ws_ypixel = 0};
  const auto out = (scratch_folder() / "stdout.txt").string();
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    std::vector<char*> words;
    for (const auto& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    const int file = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file >= 0 && ::dup2(file, STDOUT_FILENO) >= 0) ::execv(NIBBLE_BINARY_DIR "/nibble", words.data());
    ::_exit(127);
  }
  std::string text;
  std::array<char, 4096> part{};
  for (ssize_t read = 0; (read = ::read(terminal, part.data(), part.size())) > 0;) text.append(part.data(), static_cast<std::size_t>(read));
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(terminal);
  exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return text;
}

std::vector<std::string> pieces(std::string text, const std::string& border) {
  std::vector<std::string> result;
  for (std::size_t at = 0; (at = text.find(border)) != std::string::npos; text.erase(0, at + border.size()))
    result.push_back(text.substr(0, at));
  result.push_back(text);
  return result;
}

TEST(Terminal, HasOneLineOfProgressThatFits) {
  const auto folder = scratch_folder();
  int exit_code = -1;
  const std::string text =
      seen_on_a_terminal({"nibble", "quantize", NIBBLE_SOURCE_DIR "/tests/golden/families/yolov8.pt", "-o", (folder / "q").string(),
                          "--calib", NIBBLE_SOURCE_DIR "/assets/coco/val2017", "--calib-images", "2", "--imgsz", "64", "--recipe", "w8a8",
                          "--dialect", "qcdq", "--threads", "1"},
                         exit_code);
  ASSERT_EQ(exit_code, 0) << text;
  const std::string redraw = "\r\033[K";
  int bars = 0;
  for (const std::string& line : pieces(text, "\r\n")) {
    const std::vector<std::string> drawn = pieces(line, redraw);
    for (std::size_t i = 0; i + 1 < drawn.size(); ++i) {
      EXPECT_LT(drawn[i].size(), kColumns) << drawn[i];
      bars += drawn[i].find('[') != std::string::npos ? 1 : 0;
    }
    EXPECT_THAT(drawn.back(), Not(HasSubstr("[#"))) << "a bar that was left";
    EXPECT_THAT(drawn.back(), Not(HasSubstr("\033")));
  }
  EXPECT_GE(bars, 4);
  EXPECT_THAT(text, HasSubstr(redraw + "calibrate w8a8 [......................."));
  EXPECT_THAT(text, HasSubstr(redraw + "calibrate w8a8: 59 of 60 convolutions quantised on 2 images ("));
  EXPECT_THAT(text, Not(HasSubstr(" % ("))) << "tenths are for what is no terminal";
}

TEST(Terminal, ShowsAnErrorInALineOfItsOwn) {
  int exit_code = -1;
  const std::string text = seen_on_a_terminal({"nibble", "inspect", "nowhere.pt"}, exit_code);
  EXPECT_EQ(exit_code, 3);
  EXPECT_THAT(text, StartsWith("nibble: "));
  EXPECT_THAT(text, HasSubstr("nowhere.pt: no such file"));
}

}  // namespace
}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <mutex>
#include <streambuf>
#include <string_view>

#include "base/printable.h"

namespace nibble {
namespace {

constexpr int kBarCells = 24;
constexpr std::chrono::milliseconds kRedraw{80};

std::size_t columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Cuts at a character border (UTF-8), so that a line never wraps.
std::string cut(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  text.resize(limit);
  return text;
}

std::string remaining_text(double seconds, std::int64_t done, std::int64_t total) {
  if (done < 1 || seconds < 2 || done >= total) return "";
  const double left = seconds * static_cast<double>(total - done) / static_cast<double>(done);
  return left >= 90 ? fmt::format(", {:.0f} min left", left / 60) : fmt::format(", {:.0f} s left", left);
}

}  // namespace

namespace {

/// As it is, control codes and all.
void write_to_terminal(std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(STDERR_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

ssize_t log_text_of_library(void*, const char* text, std::size_t bytes) {
  std::string line(text, bytes);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (!line.empty()) log(LogLevel::debug, "a library says: " + line);
  return static_cast<ssize_t>(bytes);
}

/// What libraries write to std::cerr, line by line.
class LibraryWords : public std::streambuf {
 protected:
  int_type overflow(int_type letter) override {
    const std::lock_guard lock(mutex_);
    if (letter == '\n') {
      log_text_of_library(nullptr, line_.data(), line_.size());
      line_.clear();
    } else if (letter != traits_type::eof()) {
      line_ += static_cast<char>(letter);
    }
    return letter;
  }

 private:
  std::mutex mutex_;
  std::string line_;
};

}  // namespace

void say(const std::string& text) { write_to_terminal(printable(text)); }

void open_missing_streams() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    while (::fcntl(descriptor, F_GETFD) < 0 && ::open("/dev/null", O_RDONLY) >= 0) {
    }
}

void keep_libraries_quiet() {
  static LibraryWords words;
  std::cerr.rdbuf(&words);  // made before this, with the descriptor as it was
  std::FILE* const sink = ::fopencookie(nullptr, "w", {nullptr, log_text_of_library, nullptr, nullptr});
  if (sink == nullptr) return;
  std::setvbuf(sink, nullptr, _IOLBF, BUFSIZ);
  stderr = sink;
}

Terminal::Terminal(Verbosity verbosity) : verbosity_(verbosity), is_terminal_(::isatty(STDERR_FILENO) == 1) {
  set_log_listener([this](LogLevel level, const std::string& message) { show(level, message); });
}

Terminal::~Terminal() {
  set_log_listener(nullptr);
  clear_bar();
}

void Terminal::begin(const std::string& title, std::int64_t total) {
  title_ = title;
  total_ = total;
  done_ = 0;
  start_ = std::chrono::steady_clock::now();
  drawn_ = {};
  if (verbosity_ == Verbosity::quiet) return;
  if (is_terminal_) draw_bar("");
}

void Terminal::step(const std::string& note) {
  throw_if_interrupted();
  ++done_;
  if (verbosity_ == Verbosity::quiet) return;
  if (!is_terminal_) return print_tenth(done_ - 1);
  if (std::chrono::steady_clock::now() - drawn_ >= kRedraw) draw_bar(note);
}

void Terminal::end(const std::string& summary) {
  clear_bar();
  if (verbosity_ == Verbosity::quiet) return;
  say(fmt::format("{}: {} ({:.1f} s)\n", title_, summary.empty() ? "done" : summary, seconds()));
}

void Terminal::draw_bar(const std::string& note) {
  const auto filled = total_ > 0 ? static_cast<int>(std::min(done_, total_) * kBarCells / total_) : 0;
  const auto bar = std::string(static_cast<std::size_t>(filled), '#') + std::string(static_cast<std::size_t>(kBarCells - filled), '.');
  const auto line = fmt::format("{} [{}] {}/{}{} {}", title_, bar, done_, total_, remaining_text(seconds(), done_, total_), note);
  write_to_terminal(fmt::format("\r\033[K{}", cut(printable_line(line), columns() - 1)));
  bar_is_drawn_ = true;
  drawn_ = std::chrono::steady_clock::now();
}

void Terminal::print_tenth(std::int64_t before) {
  if (total_ <= 0) return;
  const auto tenth = done_ * 10 / total_;
  if (tenth != before * 10 / total_ && tenth < 10) {
    say(fmt::format("{}: {} % ({}/{}{})\n", title_, tenth * 10, done_, total_, remaining_text(seconds(), done_, total_)));
  }
}

void Terminal::clear_bar() {
  if (!bar_is_drawn_) return;
  write_to_terminal("\r\033[K");
  bar_is_drawn_ = false;
}

void Terminal::show(LogLevel level, const std::string& message) {
  if (level == LogLevel::warning) {
    clear_bar();
    say(fmt::format("nibble: warning: {}\n", printable_line(message)));
  } else if (verbosity_ == Verbosity::verbose) {
    clear_bar();
    say(fmt::format("nibble: {}\n", printable_line(message)));
  }
}

double Terminal::seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

}  // namespace nibble

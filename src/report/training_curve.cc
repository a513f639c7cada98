// SPDX-License-Identifier: Apache-2.0
#include "report/training_curve.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <sstream>

#include "base/files.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kHeader = "steps,name,value";

using Row = CurveRow;

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  return result.ec == std::errc{} && result.ptr == text.data() + text.size();
}

std::optional<Row> row_of(std::string_view line) {
  const auto first = line.find(','), last = line.rfind(',');
  if (first == std::string_view::npos || last == first) return std::nullopt;
  Row row{0, std::string(line.substr(first + 1, last - first - 1)), 0};
  if (!read_number(line.substr(0, first), row.steps) || !read_number(line.substr(last + 1), row.value)) return std::nullopt;
  return row;
}

std::string text_of(const Row& row) { return fmt::format("{},{},{}\n", row.steps, row.name, row.value); }

std::vector<Row> read_rows(const fs::path& path) {
  const std::string content = read_file(path);
  std::istringstream lines(content);
  std::vector<Row> rows;
  std::string line;
  for (std::int64_t number = 1; std::getline(lines, line); ++number) {
    if (lines.eof()) break;  // no end of line: cut
    if (number == 1 && line == kHeader) continue;
    const auto row = number == 1 ? std::nullopt : row_of(line);
    if (!row)
      throw Error(ErrorKind::input, fmt::format("training curve: {}: line {}: '{}' is not '{}'; remove the file", path.string(), number,
                                                line.substr(0, 40), kHeader));
    rows.push_back(*row);
  }
  return rows;
}

}  // namespace

TrainingCurve read_training_curve(const fs::path& path) {
  TrainingCurve curve;
  for (const auto& row : read_rows(path)) curve[row.name][row.steps] = row.value;
  return curve;
}

CurveFile::CurveFile(fs::path path, std::int64_t finished_steps) : path_(std::move(path)) {
  if (is_file(path_)) rows_ = read_rows(path_);
  std::erase_if(rows_, [&](const Row& row) { return row.steps > finished_steps; });
  old_rows_ = rows_.size();
  rewrite();
}

void CurveFile::rewrite() {
  std::string text = std::string(kHeader) + "\n";
  for (const auto& row : rows_) text += text_of(row);
  stream_.close();
  stream_.clear();
  write_file(path_, text);
  stream_.open(path_, std::ios::binary | std::ios::app);
}

void CurveFile::add(std::int64_t finished_steps, const std::string& name, double value) {
  rows_.push_back({finished_steps, name, value});
  const auto end_of_old = rows_.begin() + static_cast<std::ptrdiff_t>(old_rows_);
  const auto old = std::find_if(rows_.begin(), end_of_old, [&](const Row& row) { return row.steps == finished_steps && row.name == name; });
  if (old == end_of_old) {
    stream_ << text_of(rows_.back());
    return;
  }
  rows_.erase(old);
  --old_rows_;
  rewrite();
}

void CurveFile::flush() {
  errno = 0;
  stream_.flush();
  if (!stream_)
    throw Error(ErrorKind::environment, fmt::format("training curve: {}: cannot be written: {}; check free space and permissions",
                                                    path_.string(), errno == 0 ? "unknown reason" : std::strerror(errno)));
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "cli/budget_options.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <map>
#include <string_view>

namespace nibble {
namespace {

/// The number a text begins with; `rest` is what follows it. NaN where there is none.
double leading_number(std::string_view text, std::string_view& rest) {
  double value = NAN;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc{}) value = NAN;
  rest = text.substr(static_cast<std::size_t>(result.ptr - text.data()));
  return value;
}

/// "1600000", "1600kB" or "1.6MB"; empty when read.
std::string read_size(const std::string& text, std::optional<std::int64_t>& bytes) {
  static const std::map<std::string_view, double> kUnits = {{"", 1}, {"B", 1}, {"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}};
  constexpr double kMost = 1e12, kLeastWithoutUnit = 10000;
  std::string_view unit;
  const double number = leading_number(text, unit);
  const auto factor = kUnits.find(unit);
  const double size = factor == kUnits.end() ? NAN : number * factor->second;
  if (!(size >= 1 && size <= kMost))
    return fmt::format("'{}' is not a size; expected bytes, kB or MB, as in 1600000, 1600kB or 1.6MB, at least 1 byte", text);
  if (unit.empty() && size < kLeastWithoutUnit)
    return fmt::format("'{}' is a size in bytes, too few for a network; did you mean '{}MB'?", text, text);
  bytes = static_cast<std::int64_t>(size);
  return "";
}

std::string read_points(const std::string& text, std::optional<double>& points) {
  std::string_view rest;
  const double number = leading_number(text, rest);
  if (!rest.empty() || !(number > 0 && number <= 100))
    return fmt::format("'{}' is not a number of points above 0 and up to 100, as in 1.5", text);
  points = number;
  return "";
}

}  // namespace

void add_budget_options(CLI::App& command, BudgetOptions& options) {
  auto* size = command
                   .add_option(kMaxSize,
                               "give layers more bits (the recipe's mixed.high_bits) where few hurt most, as long as the packed file has "
                               "at most so many bytes; replaces what the recipe "
                               "says of mixed bits")
                   ->type_name("SIZE")
                   ->check([&options](const std::string& text) { return read_size(text, options.max_bytes); });
  command
      .add_option(kMaxDrop,
                  "the smallest file that loses at most so many points of the task's main number (mAP 50-95 of boxes, masks or oriented "
                  "boxes, AP 50-95 of keypoints, top-1); takes up to five trials, each scored")
      ->type_name("POINTS")
      ->check([&options](const std::string& text) { return read_points(text, options.max_drop); })
      ->excludes(size);
}

void add_judge_options(CLI::App& command, JudgeOptions& options) {
  auto* judge =
      command
          .add_option(
              "--judge", options.data,
              "what --max-drop is measured on, not what you will report: a data.yaml or COCO instances_*.json (against its labels), a "
              "folder or list (against what the float network is sure of there: stricter); at most 500 images. Default: the first "
              "100 calibration images, without labels")
          ->type_name("DIR|FILE");
  command.add_option("--judge-images", options.images, "folder the COCO file's names are relative to")->type_name("DIR")->needs(judge);
}

}  // namespace nibble

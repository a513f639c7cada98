// SPDX-License-Identifier: Apache-2.0
#include "data/bad_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <future>

#include "base/log.h"
#include "base/progress.h"
#include "base/threads.h"
#include "data/image.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// A set of labels of another data set has a fault in every file.
constexpr std::size_t kNamed = 20;

std::optional<std::string> problem_of(const ExpectedImage& image, const std::string& source) {
  try {
    const auto [height, width] = read_image_size(image.file);
    const bool fits = (image.width_px == 0 || image.width_px == width) && (image.height_px == 0 || image.height_px == height);
    if (fits) return std::nullopt;
    return fmt::format("image does not fit its annotations: {}: is {} x {} px, {} says {} x {}; use the original images",
                       image.file.string(), width, height, source, image.width_px, image.height_px);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return error.what();
  }
}

}  // namespace

OnBadData parse_on_bad_data(const std::string& text, OnBadData otherwise) {
  if (text.empty()) return otherwise;
  if (text == "stop") return OnBadData::stop;
  if (text == "skip") return OnBadData::skip;
  throw Error(ErrorKind::usage, fmt::format("--on-bad-data: '{}' is neither stop nor skip", text));
}

std::vector<std::string> reasons_of(const std::vector<BadDatum>& bad) {
  std::vector<std::string> reasons;
  for (const auto& datum : bad) reasons.push_back(datum.reason);
  return reasons;
}

void settle_bad_data(const std::vector<BadDatum>& bad, std::int64_t left, OnBadData rule, const std::string& what) {
  if (bad.empty()) return;
  const auto count = static_cast<std::int64_t>(bad.size()), all = left + count;
  if (rule == OnBadData::stop && count == 1)
    throw Error(ErrorKind::input, bad.front().reason + " (--on-bad-data skip leaves its image out)");
  for (std::size_t k = 0; k < bad.size(); ++k) log(k < kNamed ? LogLevel::warning : LogLevel::debug, "bad data: " + bad[k].reason);
  if (bad.size() > kNamed) log(LogLevel::warning, fmt::format("bad data: and {} more, which --verbose lists", bad.size() - kNamed));
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::input, fmt::format("bad data: {}: {}; the first is: {}", what, why, bad.front().reason));
  };
  if (rule == OnBadData::stop)
    refuse(fmt::format("{} faults, listed above; mend them, or leave their images out with --on-bad-data skip", count));
  if (left == 0) refuse(fmt::format("{} faults, listed above, leave no image", count));
  if (rule == OnBadData::skip_few && static_cast<double>(count) > std::max(1.0, kFewBad * static_cast<double>(all)))
    refuse(
        fmt::format("{} faults among {} images, listed above, are more than {:.0f} %; mend them, or leave their images out with "
                    "--on-bad-data skip",
                    count, all, 100 * kFewBad));
}

std::vector<std::optional<std::string>> image_problems(const std::vector<ExpectedImage>& images, const std::string& source, int threads) {
  std::vector<std::optional<std::string>> problems(images.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t i = next++; i < images.size(); i = next++) {
      throw_if_interrupted();
      problems[i] = problem_of(images[i], source);
    }
  };
  std::vector<std::future<void>> workers;
  for (int i = 1; i < std::min(threads > 0 ? threads : thread_count(0), 16); ++i) workers.push_back(std::async(std::launch::async, work));
  work();
  for (auto& worker : workers) worker.get();
  return problems;
}

}  // namespace nibble

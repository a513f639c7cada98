// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "report/task_words.h"
#include "text/result_text.h"

namespace nibble {
namespace {

std::string line_of(const ReplayedFile& file) {
  using Outcome = ReplayedFile::Outcome;
  switch (file.outcome) {
    case Outcome::same_bytes: return "";
    case Outcome::same_codes: return fmt::format("same codes   {}: {}\n", file.path, file.detail);
    case Outcome::different: return fmt::format("DIFFERENT    {}: {}\n", file.path, file.detail);
    case Outcome::missing: return fmt::format("MISSING      {}: {}\n", file.path, file.detail);
  }
  return "";
}

}  // namespace

std::string text_of(const ReplayResult& result) {
  std::string text;
  std::int64_t equal = 0;
  for (const auto& file : result.files) {
    equal += file.outcome == ReplayedFile::Outcome::same_bytes ? 1 : 0;
    text += line_of(file);
  }
  const auto* main = words_of(result.run.report.task).main;
  for (const auto& score : result.scores)
    text += score.before == score.after
                ? fmt::format("same score   {}: {} {:.4f}\n", score.name, main, score.after)
                : fmt::format("OTHER SCORE  {}: {} {:.6f} then, {:.6f} now\n", score.name, main, score.before, score.after);
  text += fmt::format("{} of {} files are equal byte for byte\n", equal, result.files.size());
  for (const auto& reason : result.reasons) text += fmt::format("not the same: {}\n", reason);
  if (!result.same() && result.reasons.empty())
    text += "versions, processor, threads, seed and inputs are the same: this should not be; please report it\n";
  return text + fmt::format("run directory: {}\n", result.run.directory.string());
}

}  // namespace nibble

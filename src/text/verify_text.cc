// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>

#include "text/result_text.h"

namespace nibble {
namespace {

std::string lines_of(const VerifyResult& result, CheckOutcome outcome, const char* mark) {
  std::string text;
  for (const auto& check : result.checks)
    if (check.outcome == outcome) text += fmt::format("{:<12} {}: {}: {}\n", mark, check.what, check.subject, check.detail);
  return text;
}

}  // namespace

std::string text_of(const VerifyResult& result) {
  std::map<std::string, std::int64_t> held;
  for (const auto& check : result.checks)
    if (check.outcome == CheckOutcome::holds) ++held[check.what];
  std::string text;
  for (const auto& [what, count] : held) text += fmt::format("{:<12} {}: {}\n", "holds", what, count);
  text += lines_of(result, CheckOutcome::not_checked, "not checked") + lines_of(result, CheckOutcome::broken, "BROKEN");
  text += result.holds()
              ? fmt::format("{}: every claim that was checked holds ({} checks)\n", result.directory.string(), result.checks.size())
              : fmt::format("{}: {} of {} claims do not hold\n", result.directory.string(), result.count(CheckOutcome::broken),
                            result.checks.size());
  return text + "report.html, times and logs cannot be derived; of them only hashes were checked.\n";
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "report/budget_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace nibble {
namespace {

std::string allowed_text(const Json& budget) {
  if (budget.contains("max_bytes")) return fmt::format("at most {} bytes in the INT4 dialect", budget.at("max_bytes").get<std::int64_t>());
  if (budget.contains("max_drop")) return fmt::format("at most {:g} points of mAP below float", budget.at("max_drop").get<double>());
  return fmt::format("at most {:g} bits on average", budget.at("average_bits").get<double>());
}

std::string trials_text(const Json& trials) {
  std::vector<std::string> texts;
  for (const Json& trial : trials)
    texts.push_back(fmt::format("{:.2f} bits: {:.2f}", trial.at("average_bits").get<double>(), trial.at("drop").get<double>()));
  return fmt::format("Points below float: {}", fmt::join(texts, ", "));
}

}  // namespace

std::vector<std::string> budget_lines(const Json& budget) {
  const Json& chosen = budget.at("chosen");
  std::vector<std::string> lines{fmt::format("Budget: {}; chosen: {:.2f} bits on average, {} layers with more", allowed_text(budget),
                                             chosen.at("average_bits").get<double>(), chosen.at("raised").get<std::int64_t>())};
  if (!budget.contains("max_drop")) return lines;
  lines.push_back(fmt::format("Judged by {}", budget.at("judge").get<std::string>()));
  lines.push_back(trials_text(budget.at("trials")));
  return lines;
}

}  // namespace nibble

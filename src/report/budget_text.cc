// SPDX-License-Identifier: Apache-2.0
#include "report/budget_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "report/task_words.h"

namespace nibble {
namespace {

std::string allowed_text(const BudgetReport& budget, Task task) {
  if (budget.allowed_max_bytes) return fmt::format("at most {} bytes in the INT4 dialect", *budget.allowed_max_bytes);
  if (budget.allowed_max_drop)
    return fmt::format("at most {:g} points of {} below float", *budget.allowed_max_drop, words_of(task).main_title);
  return fmt::format("at most {:g} bits on average", budget.allowed_average_bits.value_or(0));
}

std::string trials_text(const std::vector<BudgetReport::Trial>& trials) {
  std::vector<std::string> texts;
  for (const auto& trial : trials) texts.push_back(fmt::format("{:.2f} bits: {:.2f}", trial.average_bits, trial.drop));
  return fmt::format("Points below float: {}", fmt::join(texts, ", "));
}

template <class Number>
void read_if_there(const PlacedJson& json, const char* key, std::optional<Number>& value) {
  if (json.contains(key)) value = json.at(key).get<Number>();
}

}  // namespace

std::vector<std::string> budget_lines(const BudgetReport& budget, Task task) {
  std::vector<std::string> lines{fmt::format("Budget: {}; chosen: {:.2f} bits on average, {} layers with more", allowed_text(budget, task),
                                             budget.average_bits, budget.raised_layers)};
  if (!budget.allowed_max_drop) return lines;
  lines.push_back(fmt::format("Judged by {}", budget.judge));
  lines.push_back(trials_text(budget.trials));
  return lines;
}

BudgetReport budget_report_from_json(const PlacedJson& budget) {
  BudgetReport report;
  read_if_there(budget, "average_bits", report.allowed_average_bits);
  read_if_there(budget, "max_bytes", report.allowed_max_bytes);
  read_if_there(budget, "max_drop", report.allowed_max_drop);
  report.average_bits = budget.at("chosen").at("average_bits");
  report.raised_layers = budget.at("chosen").at("raised");
  if (!report.allowed_max_drop) return report;
  report.judge = budget.at("judge").get<std::string>();
  for (const auto& trial : budget.at("trials").list()) report.trials.push_back({trial.at("average_bits"), trial.at("drop")});
  return report;
}

}  // namespace nibble

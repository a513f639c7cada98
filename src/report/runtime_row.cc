// SPDX-License-Identifier: Apache-2.0
#include "report/runtime_row.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace nibble {
namespace {

constexpr std::size_t kShownOperators = 4;

std::string nodes_text(const RuntimeFacts& facts) {
  std::vector<std::string> places;
  for (const auto& [provider, nodes] : facts.nodes_by_provider) places.push_back(fmt::format("{} on {}", nodes, provider));
  return fmt::format("{}", fmt::join(places, ", "));
}

std::string operators_text(const RuntimeFacts& facts) {
  std::vector<std::string> shares;
  for (std::size_t i = 0; i < std::min(kShownOperators, facts.ops.size()); ++i)
    shares.push_back(fmt::format("{:.0f} % {}", 100 * facts.ops[i].share, facts.ops[i].op));
  return fmt::format("{}", fmt::join(shares, ", "));
}

std::string time_text(const RuntimeFacts& facts) {
  if (!facts.time_ratio) return "-";
  return fmt::format("{:.2f}", *facts.time_ratio) +
         (facts.folded_time_ratio ? fmt::format(" ({:.2f} with session.disable_quant_qdq=1)", *facts.folded_time_ratio) : "");
}

LevelCell cell_of(const LevelAgreement& level) {
  const bool same = level.same_detections();
  return {level.provider + " " + level.level,
          same ? fmt::format("the same {}", level.matched)
               : fmt::format("{} of {} again, {} found", level.matched, level.reference_detections, level.detections),
          same};
}

}  // namespace

std::string steps_text(const QuantizerSteps& steps) {
  if (steps.quantizers == 0) return "no activation is quantised";
  const auto plural = [](std::int64_t count) { return count == 1 ? "" : "s"; };
  auto text = fmt::format("{} quantiser{}, {} with other codes, at most {} step{}", steps.quantizers, plural(steps.quantizers),
                          steps.differing, steps.largest_steps, plural(steps.largest_steps));
  if (!steps.first.empty())
    text += fmt::format("; the first beyond one step: {} ({} steps, {:.2g} % of its codes)", steps.first, steps.first_steps,
                        100 * steps.first_share);
  if (!steps.same_outputs) {
    text += "; counted in a copy that gives the codes out, which the runtime fuses otherwise than the file";
    if (!steps.first.empty()) text += steps.first_is_exact ? " (the first is the file's own)" : " (the first too)";
  }
  return text;
}

std::vector<RuntimeRow> runtime_rows(const Report& report) {
  std::vector<RuntimeRow> rows;
  for (const auto& artifact : report.artifacts) {
    if (!artifact.runtime) continue;
    const auto& facts = *artifact.runtime;
    RuntimeRow row{artifact.name, time_text(facts), nodes_text(facts), operators_text(facts), {}, steps_text(facts.steps), facts.problem};
    for (const auto& level : facts.levels) row.levels.push_back(cell_of(level));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace nibble

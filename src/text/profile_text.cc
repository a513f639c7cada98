// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/runtime_row.h"
#include "text/result_text.h"

namespace nibble {
namespace {

constexpr std::size_t kTopNodes = 10;
constexpr double kShownShare = 0.005;  ///< of the time; rarer operators are summed up

std::string times_text(const ProfileResult& result) {
  std::string text = fmt::format("{:<44} {:>10} {:>8} {:>7}  {}\n", "times, in turns", "median ms", "p90 ms", "ratio", "nodes");
  for (const auto& profile : result.models) {
    std::vector<std::string> places;
    for (const auto& [provider, count] : profile.nodes_by_provider) places.push_back(fmt::format("{} on {}", count, provider));
    text += fmt::format("{:<44} {:>10.1f} {:>8.1f} {:>6.2f}x  {}\n", profile.model.filename().string(), profile.latency.median_ms,
                        profile.latency.p90_ms, profile.ratio, fmt::join(places, ", "));
  }
  return text;
}

std::string levels_text(const ModelProfile& profile) {
  std::string text =
      fmt::format("  {:<32} {:>10} {:>11}  {:<26} {:>9} {:>8}\n", "against cpu, optimisations off",
                  profile.head == "raw" ? "any logit" : "any score", "any box px", "detections (score 0.25)", "score", "box px");
  for (const auto& row : profile.levels)
    text +=
        fmt::format("  {:<32} {:>10.2g} {:>11.2g}  {:<26} {:>9.2g} {:>8.2g}\n",
                    fmt::format("{}, optimisations {}", row.provider, row.level), row.max_score, row.max_box_px,
                    row.same_detections() ? fmt::format("the same {}", row.matched)
                                          : fmt::format("{} of {} again, {} found", row.matched, row.reference_detections, row.detections),
                    row.matched_score, row.matched_box_px);
  return text + fmt::format("  {:<32} {}\n", "codes of activations, cpu all", steps_text(profile.steps));
}

std::string ops_text(const ModelProfile& profile) {
  const double total = profile.total_us;
  std::string text = fmt::format("  {:<24} {:>6} {:>9} {:>7}\n", "operators as run", "nodes", "ms", "share");
  int rare_nodes = 0;
  double rare_us = 0;
  for (const auto& op : profile.ops) {
    if (op.us < kShownShare * total) {
      rare_nodes += op.nodes;
      rare_us += op.us;
      continue;
    }
    text += fmt::format("  {:<24} {:>6} {:>9.2f} {:>6.1f}%\n", op.op, op.nodes, op.us / 1000, 100 * op.us / total);
  }
  if (rare_nodes > 0)
    text += fmt::format("  {:<24} {:>6} {:>9.2f} {:>6.1f}%\n", "others", rare_nodes, rare_us / 1000, 100 * rare_us / total);
  return text;
}

std::string nodes_text(const ModelProfile& profile) {
  std::string text = fmt::format("  {:<60} {:<20} {:>9}\n", "most expensive nodes", "operator", "ms");
  for (std::size_t i = 0; i < std::min(kTopNodes, profile.nodes.size()); ++i) {
    const auto& node = profile.nodes[i];
    text += fmt::format("  {:<60} {:<20} {:>9.2f}\n", node.name, node.op, node.median_us / 1000);
  }
  return text;
}

}  // namespace

std::string text_of(const ProfileResult& result) {
  std::string text = times_text(result);
  for (const auto& profile : result.models)
    text += fmt::format("\n{} ({})\n{}{}{}", profile.model.string(), profile.head, levels_text(profile), ops_text(profile),
                        nodes_text(profile));
  return text;
}

}  // namespace nibble

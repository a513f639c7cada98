// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "text/result_text.h"

namespace nibble {
namespace {

constexpr std::size_t kShownNodes = 4;

std::string nodes_text(std::vector<std::string> nodes) {
  const auto count = nodes.size();
  nodes.resize(std::min(count, kShownNodes));
  return fmt::format("{}{}", fmt::join(nodes, ", "), count > kShownNodes ? ", ..." : "");
}

}  // namespace

std::string text_of(const TargetInspection& inspection) {
  std::string text = fmt::format("{} for {}{} ({})\n", inspection.file.string(), inspection.consumer,
                                 inspection.version.empty() ? "" : fmt::format(" in {}", inspection.version), inspection.source);
  for (const auto& row : inspection.refused)
    text += fmt::format("  {:>4} {} refused: {}: {}\n", row.nodes.size(), row.op, row.why, nodes_text(row.nodes));
  if (inspection.refused.empty()) text += "  no rule refuses anything\n";
  if (inspection.version.empty()) return text;
  if (inspection.without_kernel.empty()) return text + "  every node has a CUDA kernel\n";
  for (const auto& row : inspection.without_kernel)
    text += fmt::format("  {:>4} {} {}: kernel {}: {}\n", row.nodes.size(), row.op, row.throws ? "fail" : "run on the CPU", row.why,
                        nodes_text(row.nodes));
  return text;
}

std::string json_text_of(const TargetInspection& inspection) {
  Json list = Json::array();
  for (const auto& row : inspection.without_kernel)
    list.push_back({{"op", row.op}, {"why", row.why}, {"throws", row.throws}, {"nodes", row.nodes}});
  Json refused = Json::array();
  for (const auto& row : inspection.refused) refused.push_back({{"op", row.op}, {"why", row.why}, {"nodes", row.nodes}});
  const Json document = {
      {"file", inspection.file.string()}, {"target", inspection.target}, {"consumer", inspection.consumer}, {"version", inspection.version},
      {"source", inspection.source},      {"refused", refused},          {"without_kernel", list}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "ort/profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>

#include "base/json.h"
#include "base/temporary.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr std::string_view kKernel = "_kernel_time";

struct Timed {
  NodeTime node;
  std::vector<double> runs_us;
};

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Nothing for events that are not the computation of a node.
std::optional<NodeTime> node_of(const Json& event) {
  if (!event.is_object() || event.value("cat", "") != "Node") return std::nullopt;
  std::string name = event.value("name", "");
  if (!name.ends_with(kKernel)) return std::nullopt;
  name.resize(name.size() - kKernel.size());
  const auto& args = event.at("args");
  return NodeTime{std::move(name), args.value("op_name", ""), args.value("provider", ""), 0};
}

/// By place in the graph: names may repeat.
std::map<std::string, Timed> timed_nodes(const Json& trace) {
  std::map<std::string, Timed> timed;
  for (const auto& event : trace) {
    auto node = node_of(event);
    if (!node) continue;
    auto& entry = timed[event.at("args").value("node_index", "") + " " + node->name];
    entry.node = std::move(*node);
    entry.runs_us.push_back(event.value("dur", 0.0));
  }
  return timed;
}

}  // namespace

std::vector<OpTime> RuntimeProfile::ops() const {
  std::map<std::string, OpTime> by_op;
  for (const auto& node : nodes) {
    auto& row = by_op[node.op];
    row.op = node.op;
    ++row.nodes;
    row.us += node.median_us;
  }
  std::vector<OpTime> rows;
  for (auto& [op, row] : by_op) rows.push_back(row);
  std::stable_sort(rows.begin(), rows.end(), [](const OpTime& a, const OpTime& b) { return a.us > b.us; });
  return rows;
}

std::map<std::string, int> RuntimeProfile::nodes_by_provider() const {
  std::map<std::string, int> counts;
  for (const auto& node : nodes) ++counts[node.provider];
  return counts;
}

double RuntimeProfile::total_us() const {
  return std::accumulate(nodes.begin(), nodes.end(), 0.0, [](double sum, const NodeTime& node) { return sum + node.median_us; });
}

RuntimeProfile read_profile(const std::filesystem::path& trace) {
  const Json json = read_json(trace);
  if (!json.is_array()) throw Error(ErrorKind::input, fmt::format("profile: {}: is not a list of events", trace.string()));
  RuntimeProfile profile;
  try {
    for (auto& [key, timed] : timed_nodes(json)) {
      if (timed.runs_us.size() > 1) timed.runs_us.erase(timed.runs_us.begin());
      timed.node.median_us = median_of(std::move(timed.runs_us));
      profile.nodes.push_back(std::move(timed.node));
    }
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::input, fmt::format("profile: {}: is not the runtime's trace: {}", trace.string(), error.what()));
  }
  std::stable_sort(profile.nodes.begin(), profile.nodes.end(),
                   [](const NodeTime& a, const NodeTime& b) { return a.median_us > b.median_us; });
  return profile;
}

RuntimeProfile profile_model(const std::filesystem::path& model, SessionOptions options, const std::vector<Tensor>& inputs, int runs) {
  const TemporaryFolder folder;  // of this process alone: the runtime names its file after the second
  options.profile = folder.path() / "trace";
  Session session(model, options);
  for (int i = 0; i < runs + 1; ++i) session.run(inputs);
  return read_profile(session.end_profile());
}

}  // namespace nibble

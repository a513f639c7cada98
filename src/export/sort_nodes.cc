// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <queue>

#include "export/cleanup_passes.h"
#include "export/graph_edit.h"
#include "nibble/error.h"

namespace nibble {
namespace {

bool reads(const onnx::NodeProto& node, const std::string& name) {
  return std::find(node.input().begin(), node.input().end(), name) != node.input().end();
}

/// What a node needs: its inputs, and what its bodies mention.
Names needs_of(const onnx::NodeProto& node) {
  Names needs(node.input().begin(), node.input().end());
  needs.merge(names_in_bodies(node));
  return needs;
}

int sort_bodies(onnx::GraphProto& graph) {
  int moved = 0;
  for (auto& node : *graph.mutable_node())
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) moved += sort_nodes(*attribute.mutable_g());
      for (auto& body : *attribute.mutable_graphs()) moved += sort_nodes(body);
    }
  return moved;
}

/// Places of the nodes in order; shorter than the graph where some stand in a circle. Of those that are ready the first stays first.
std::vector<int> sorted_places(const onnx::GraphProto& graph) {
  std::unordered_map<std::string, int> writers;
  for (int i = 0; i < graph.node_size(); ++i)
    for (const auto& output : graph.node(i).output())
      if (!output.empty()) writers.emplace(output, i);
  const auto count = static_cast<std::size_t>(graph.node_size());
  std::vector<std::vector<int>> readers(count);
  std::vector<int> open(count, 0);
  for (int i = 0; i < graph.node_size(); ++i)
    for (const auto& name : needs_of(graph.node(i)))
      // A body may give a value of its own the name of the node's result: that is no need.
      if (const auto writer = writers.find(name); writer != writers.end() && (writer->second != i || reads(graph.node(i), name))) {
        readers[static_cast<std::size_t>(writer->second)].push_back(i);
        ++open[static_cast<std::size_t>(i)];
      }
  std::priority_queue<int, std::vector<int>, std::greater<>> ready;
  for (int i = 0; i < graph.node_size(); ++i)
    if (open[static_cast<std::size_t>(i)] == 0) ready.push(i);
  std::vector<int> places;
  while (!ready.empty()) {
    const int place = ready.top();
    ready.pop();
    places.push_back(place);
    for (const int reader : readers[static_cast<std::size_t>(place)])
      if (--open[static_cast<std::size_t>(reader)] == 0) ready.push(reader);
  }
  return places;
}

[[noreturn]] void refuse_circle(const onnx::GraphProto& graph, const std::vector<int>& places) {
  std::vector<bool> is_placed(static_cast<std::size_t>(graph.node_size()), false);
  for (const int place : places) is_placed[static_cast<std::size_t>(place)] = true;
  int first = 0;
  while (is_placed[static_cast<std::size_t>(first)]) ++first;
  const auto& node = graph.node(first);
  throw Error(ErrorKind::input,
              fmt::format("ONNX: node '{}' ({}): stands in or behind a circle: {} nodes wait for each other's results; the file is damaged",
                          node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name(), node.op_type(),
                          graph.node_size() - static_cast<int>(places.size())));
}

}  // namespace

int sort_nodes(onnx::GraphProto& graph) {
  const auto places = sorted_places(graph);
  if (static_cast<int>(places.size()) < graph.node_size()) refuse_circle(graph, places);
  int moved = 0;
  for (std::size_t i = 0; i < places.size(); ++i) moved += places[i] == static_cast<int>(i) ? 0 : 1;
  if (moved > 0) {
    google::protobuf::RepeatedPtrField<onnx::NodeProto> sorted;
    sorted.Reserve(graph.node_size());
    for (const int place : places) sorted.Add()->Swap(graph.mutable_node(place));
    graph.mutable_node()->Swap(&sorted);
  }
  return moved + sort_bodies(graph);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "calibration/output_ranges.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/files.h"
#include "base/scratch_file.h"
#include "export/emit.h"
#include "nibble/error.h"
#include "ort/session.h"
#include "quant/silu_range.h"

namespace nibble {
namespace {

/// The network up to those convolutions, their results as outputs in the order of `names`.
Graph exposing(Graph graph, const std::vector<std::string>& names) {
  graph.outputs.clear();
  for (const auto& name : names) {
    const auto node = std::find_if(graph.nodes.begin(), graph.nodes.end(), [&](const Node& each) { return each.name == name; });
    if (node == graph.nodes.end()) throw Error(ErrorKind::internal, fmt::format("integer form: no node is called '{}'", name));
    graph.outputs.push_back(node->outputs.at(0));
  }
  return without_dead_nodes(graph);
}

}  // namespace

std::map<std::string, OutputRange> observe_output_ranges(const Graph& quantised, const CalibrationImages& images,
                                                         const RuntimeOptions& runtime, const std::filesystem::path& scratch,
                                                         Progress& progress) {
  const auto names = integer_silu_convs(quantised);
  std::map<std::string, OutputRange> ranges;
  if (names.empty()) return ranges;
  const ScratchFile file(scratch);
  emit_model(exposing(quantised, names), {}, file.at);
  const Session session(file.at, {.threads = runtime.threads});
  std::vector<SiluHistogram> histograms(names.size());
  const auto count = std::min(images.count, kRangeImages);
  progress.begin("ranges for the integer form", count);
  for (std::int64_t i = 0; i < count; ++i) {
    throw_if_interrupted();
    const auto outputs = session.run({images.load(i, 1)});
    for (std::size_t k = 0; k < outputs.size(); ++k) histograms[k].add(outputs[k].as<float>());
    progress.step();
  }
  for (std::size_t k = 0; k < names.size(); ++k) ranges[names[k]] = histograms[k].best_range();
  progress.end(fmt::format("{} convolutions", names.size()));
  return ranges;
}

}  // namespace nibble

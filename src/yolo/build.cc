// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/image_size_text.h"
#include "graph/rewrites.h"
#include "yolo/head.h"
#include "yolo/model_info.h"
#include "yolo/model_source.h"

namespace nibble {

namespace {

void require_usable(const BuildOptions& options, const ModelInfo& info) {
  const auto largest = *std::max_element(info.strides.begin(), info.strides.end());
  const auto nearest = [largest](std::int64_t side) { return std::max<std::int64_t>(1, (side + largest / 2) / largest) * largest; };
  const ImageSize& size = info.image_size;
  const ImageSize valid{nearest(size.height), nearest(size.width)};
  if (size != valid)
    throw Error(ErrorKind::usage,
                fmt::format("image size: {}: {} of {}; take {}", option_text(size),
                            size.is_square() ? "not a multiple" : "height and width must be multiples", largest, option_text(valid)));
  if (options.batch == 0 || options.batch < -1)
    throw Error(ErrorKind::usage,
                fmt::format("batch: {}: expected a positive number, or -1 for one known at run time only", options.batch));
  if (options.max_detections <= 0)
    throw Error(ErrorKind::usage, fmt::format("detections: {}: expected a positive number", options.max_detections));
}

/// The value that `from` means at layer `index`: negative counts back from it, and before the first layer is the image.
ValueId resolve(const Layer& layer, std::int64_t from, const std::vector<ValueId>& results, ValueId image) {
  const auto index = static_cast<std::int64_t>(results.size());
  const auto source = from < 0 ? index + from : from;
  if (source == -1 && index == 0) return image;
  if (source < 0 || source >= index)
    layer.module.fail(ErrorKind::input, fmt::format("it reads from layer {}, which is not before it", from));
  return results[static_cast<std::size_t>(source)];
}

/// A graph that does not fit together means that the file's numbers do not: the file is to blame, not the program.
template <class Append>
void blaming_the_file(const Module& module, Append append) {
  try {
    append();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::internal) throw;
    module.fail(ErrorKind::input, fmt::format("its modules do not fit together: {}", error.what()));
  }
}

/// Everything that reads images here reads RGB.
void require_rgb(const ModelSource& source) {
  auto first = source.layers.front().module;
  if (const auto conv = first.find_child("conv")) first = *conv;
  if (first.class_key() != "torch.Conv2d") return;
  if (const auto channels = first.integer("in_channels"); channels != 3)
    first.fail(ErrorKind::unsupported,
               fmt::format("the model reads images of {} channel{}; nibble reads models of RGB images (3 channels) only; train it "
                           "on such images to use it here",
                           channels, channels == 1 ? "" : "s"));
}

/// `options` with an image size.
Graph build_graph(const ModelSource& source, const BuildOptions& options) {
  Graph graph;
  const auto image = graph.add_input("images", {options.batch, 3, options.image_size->height, options.image_size->width});
  std::vector<ValueId> results;  // of each layer but the head
  for (const auto& layer : source.layers) {
    std::vector<ValueId> inputs;
    for (const auto from : layer.from) inputs.push_back(resolve(layer, from, results, image));
    blaming_the_file(layer.module, [&] {
      if (&layer == &source.layers.back())
        graph.outputs = add_head(graph, layer.module, inputs, options);
      else
        results.push_back(add_module(graph, layer.module, inputs));
    });
  }
  return graph;
}

constexpr std::array kHeadNames{std::pair{Head::one2one, "one2one"}, std::pair{Head::one2many, "one2many"}, std::pair{Head::raw, "raw"},
                                std::pair{Head::raw_one2one, "raw_one2one"}};

}  // namespace

std::string_view name_of(Head head) {
  for (const auto& [value, name] : kHeadNames)
    if (value == head) return name;
  return "unknown";
}

Head parse_head(std::string_view name) {
  std::string known;
  for (const auto& [value, text] : kHeadNames) {
    if (name == text) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", text);
  }
  throw Error(ErrorKind::usage, fmt::format("head: '{}': unknown; choose one of {}", name, known));
}

Detector build_detector(const Checkpoint& checkpoint, const BuildOptions& options) {
  const auto source = find_model(checkpoint);
  require_known_model(source);
  Detector detector;
  detector.info = make_model_info(checkpoint, source, options);
  require_usable(options, detector.info);
  require_consistent(checkpoint, source);
  require_rgb(source);
  BuildOptions sized = options;
  sized.image_size = detector.info.image_size;
  detector.graph = build_graph(source, sized);
  return detector;
}

Detector build_baseline(const Checkpoint& checkpoint, const BuildOptions& options) {
  Detector detector = build_detector(checkpoint, options);
  detector.graph = fold_batchnorm(detector.graph).graph;
  detector.graph = merge_parallel_convs(detector.graph).graph;
  detector.graph = without_dead_nodes(detector.graph);
  verify(detector.graph);
  return detector;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "artifacts/source_model.h"
#include "base/check_options.h"
#include "base/output_path.h"
#include "export/emit.h"
#include "graph/rewrites.h"
#include "nibble/error.h"
#include "nibble/export.h"

namespace nibble {

namespace {

/// The file holds at least these.
std::int64_t constant_bytes(const Graph& graph) {
  std::int64_t bytes = 0;
  for (const auto& value : graph.values)
    if (value.constant) bytes += static_cast<std::int64_t>(value.constant->bytes().size());
  return bytes;
}

}  // namespace

ExportResult export_baseline(const ExportOptions& options) {
  check_options(options);
  if (options.output.empty()) throw Error(ErrorKind::usage, "export: no output file; give one with -o OUT.onnx");
  require_onnx_name(options.output);
  if (options.half_io && !options.half) throw Error(ErrorKind::usage, "export: --half-io: is a form of --half; give both");
  check_paths(paths_of(options));
  BuildOptions build;
  build.head = parse_head(options.head);
  build.image_size = options.image_size;
  build.batch = options.batch;
  auto detector = read_baseline(options.checkpoint, build);
  if (options.half) detector.graph = to_half(detector.graph, options.half_io ? DType::f16 : DType::f32).graph;
  EmitOptions emit;
  emit.opset = options.opset;
  emit.metadata = baseline_metadata(detector.info, options.half ? "float16" : "float32");
  require_free_space(options.output, constant_bytes(detector.graph));
  emit_model(detector.graph, emit, options.output);
  const auto bytes = static_cast<std::int64_t>(std::filesystem::file_size(options.output));
  return {options.output, bytes, detector.info.image_size, emit.metadata.at("nibble.output0")};
}

}  // namespace nibble

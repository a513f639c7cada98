// SPDX-License-Identifier: Apache-2.0
#include "artifacts/float_file.h"

#include "artifacts/source_model.h"
#include "base/shared_data.h"
#include "export/emit.h"

namespace nibble {
namespace fs = std::filesystem;

FloatFile::FloatFile(const fs::path& model, ImageSize image_size) : path_(model) {
  if (model.extension() == ".onnx") return;
  BuildOptions build;
  build.image_size = image_size;
  const auto baseline = read_baseline(model.empty() ? shared_data("assets/yolov10n.pt") : model, build);
  path_ = folder_.emplace().path() / "float.onnx";
  EmitOptions options;
  options.metadata = baseline_metadata(baseline.info, "float32");
  emit_model(baseline.graph, options, path_);
}

}  // namespace nibble

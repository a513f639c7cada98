// SPDX-License-Identifier: Apache-2.0
#include "artifacts/float_file.h"

#include "artifacts/source_model.h"
#include "base/shared_data.h"
#include "export/emit.h"

namespace nibble {
namespace fs = std::filesystem;

void write_float_file(const Detector& baseline, const fs::path& path) {
  EmitOptions options;
  options.metadata = baseline_metadata(baseline.info, "float32");
  emit_model(baseline.graph, options, path);
}

FloatFile::FloatFile(const fs::path& model, std::optional<ImageSize> image_size) : path_(model) {
  if (model.extension() == ".onnx") return;
  BuildOptions build;
  build.image_size = image_size;
  make(read_baseline(model.empty() ? shared_data("assets/yolov10n.pt") : model, build));
}

FloatFile::FloatFile(const Detector& baseline) { make(baseline); }

void FloatFile::make(const Detector& baseline) {
  path_ = folder_.emplace().path() / "float.onnx";
  write_float_file(baseline, path_);
}

}  // namespace nibble

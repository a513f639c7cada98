// SPDX-License-Identifier: Apache-2.0
#include "pipeline/float_file.h"

#include <fmt/format.h>

#include <random>

#include "base/shared_data.h"
#include "export/emit.h"
#include "pipeline/source_model.h"

namespace nibble {
namespace fs = std::filesystem;

FloatFile::FloatFile(const fs::path& model, std::int64_t image_size) : path_(model) {
  if (model.extension() == ".onnx") return;
  BuildOptions build;
  build.image_size = image_size;
  const auto baseline = read_baseline(model.empty() ? shared_data("assets/yolov10n.pt") : model, build);
  folder_ = fs::temp_directory_path() / fmt::format("nibble-{:08x}", std::random_device()());
  path_ = folder_ / "float.onnx";
  EmitOptions options;
  options.metadata = baseline_metadata(baseline.card, "float32");
  emit_model(baseline.graph, options, path_);
}

FloatFile::~FloatFile() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(folder_, ignored);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/files.h"
#include "ckpt/checkpoint.h"
#include "commands/inspect_text.h"
#include "nibble/error.h"
#include "nibble/inspect.h"
#include "yolo/detector.h"

namespace nibble {
namespace {

/// Classes and functions a detector's pickle has no business with; they are data here, but would run elsewhere.
std::vector<std::string> foreign_names(const Checkpoint& checkpoint) {
  constexpr const char* kUsual[] = {"torch",   "ultralytics", "collections", "numpy",      "builtins",
                                    "pathlib", "_codecs",     "copyreg",     "__builtin__"};
  std::vector<std::string> foreign;
  for (const auto& name : checkpoint.globals()) {
    const auto top = name.substr(0, name.find_first_of(". "));
    if (std::none_of(std::begin(kUsual), std::end(kUsual), [&](const char* usual) { return top == usual; })) foreign.push_back(name);
  }
  return foreign;
}

bool is_checkpoint(const std::filesystem::path& file) {
  if (file.extension() == ".pt" || file.extension() == ".pth") return true;
  std::ifstream stream(file, std::ios::binary);
  char magic[2] = {};
  return stream.read(magic, 2) && magic[0] == 'P' && magic[1] == 'K';  // a zip archive
}

CheckpointSummary inspect_checkpoint(const std::filesystem::path& file) {
  const auto checkpoint = read_checkpoint(file);
  const auto model = summarize_model(checkpoint);
  CheckpointSummary summary{.file = checkpoint.path(),
                            .bytes = static_cast<std::int64_t>(checkpoint.file_bytes()),
                            .sha256 = checkpoint.sha256(),
                            .archive_entries = static_cast<std::int64_t>(checkpoint.entries()),
                            .model_class = model.model_class,
                            .taken_from = model.taken_from,
                            .family = model.info.family,
                            .scale = model.info.scale,
                            .task = std::string(name_of(model.info.task)),
                            .stored_dtype = model.stored_dtype,
                            .parameters = model.parameters,
                            .strides = model.info.strides,
                            .class_names = model.info.class_names,
                            .layers = {},
                            .not_executed = {checkpoint.globals().begin(), checkpoint.globals().end()},
                            .foreign_names = foreign_names(checkpoint)};
  for (const auto& row : model.layers) summary.layers.push_back({row.index, row.from, row.module, row.parameters, row.yaml});
  return summary;
}

}  // namespace

InspectResult inspect(const std::filesystem::path& file) {
  if (is_folder(file)) throw Error(ErrorKind::input, fmt::format("inspect: {}: is a folder; name a .pt or .onnx file", file.string()));
  if (!is_file(file)) throw_missing_file(file, "inspect");
  if (is_checkpoint(file)) return inspect_checkpoint(file);
  return inspect_onnx(file);
}

}  // namespace nibble

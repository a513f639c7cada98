// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "base/files.h"
#include "base/kind_of_file.h"
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

/// By its name, or by how it begins: as a zip archive, or as a pickle (protocol 2 to 5), which no ONNX file does.
bool is_checkpoint(const std::filesystem::path& file) {
  constexpr const char* kSuffixes[] = {".pt", ".pth", ".ckpt", ".safetensors"};
  const auto suffix = file.extension().string();
  if (std::any_of(std::begin(kSuffixes), std::end(kSuffixes), [&](const char* known) { return suffix == known; })) return true;
  std::ifstream stream(file, std::ios::binary);
  char magic[2] = {};
  if (!stream.read(magic, 2)) return false;
  return (magic[0] == 'P' && magic[1] == 'K') || (magic[0] == '\x80' && magic[1] >= 2 && magic[1] <= 5);
}

/// The error that `export` ends with: of its default head, else of the first that the model has.
std::optional<Error> refusal_of(const Checkpoint& checkpoint, const std::vector<Head>& heads) {
  BuildOptions options;
  if (!heads.empty() && std::count(heads.begin(), heads.end(), options.head) == 0) options.head = heads.front();
  try {
    build_baseline(checkpoint, options);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::interrupted) throw;
    return error;
  }
  return std::nullopt;
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
                            .foreign_names = foreign_names(checkpoint),
                            .heads = {},
                            .image_size = model.info.image_size,
                            .refusal = refusal_of(checkpoint, model.heads)};
  for (const auto& row : model.layers) summary.layers.push_back({row.index, row.from, row.module, row.parameters, row.yaml});
  for (const auto head : model.heads) summary.heads.emplace_back(name_of(head));
  return summary;
}

}  // namespace

InspectResult inspect(const std::filesystem::path& file) {
  if (is_folder(file)) throw Error(ErrorKind::input, fmt::format("inspect: {}: is a folder; name a .pt or .onnx file", file.string()));
  if (!is_file(file)) throw_missing_file(file, "inspect");
  const auto kind = kind_of_file(start_of_file(file));
  if (kind == FileKind::image || kind == FileKind::data_yaml || kind == FileKind::coco)
    throw Error(ErrorKind::input,
                fmt::format("inspect: {}: is {}; name a checkpoint (.pt) or an ONNX model (.onnx)", file.string(), name_of(*kind)));
  if (kind == FileKind::onnx) return inspect_onnx(file);
  if (is_checkpoint(file)) return inspect_checkpoint(file);
  return inspect_onnx(file);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "base/json.h"
#include "base/size_text.h"
#include "ckpt/checkpoint.h"
#include "commands/inspect.h"
#include "nibble/run.h"
#include "yolo/detector.h"

namespace nibble {
namespace {

Json layer_to_json(const LayerRow& row) {
  return {{"index", row.index}, {"from", row.from}, {"module", row.module}, {"parameters", row.parameters}, {"yaml", row.yaml}};
}

Json names_to_json(const std::map<std::int64_t, std::string>& names) {
  Json json = Json::object();
  for (const auto& [index, name] : names) json[std::to_string(index)] = name;
  return json;
}

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

Json to_json(const Checkpoint& checkpoint, const ModelSummary& summary) {
  Json layers = Json::array();
  for (const auto& row : summary.layers) layers.push_back(layer_to_json(row));
  return {{"file", checkpoint.path().string()},
          {"bytes", checkpoint.file_bytes()},
          {"sha256", checkpoint.sha256()},
          {"archive_entries", checkpoint.entries()},
          {"model_class", summary.model_class},
          {"taken_from", summary.taken_from},
          {"family", summary.info.family},
          {"scale", summary.info.scale},
          {"task", summary.info.task},
          {"stored_dtype", summary.stored_dtype},
          {"parameters", summary.parameters},
          {"strides", summary.info.strides},
          {"names", names_to_json(summary.info.class_names)},
          {"layers", layers},
          {"not_executed", checkpoint.globals()},
          {"foreign_names", foreign_names(checkpoint)}};
}

/// 2775520 as "2,775,520".
std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::string class_list(const std::map<std::int64_t, std::string>& names) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> shown;
  for (const auto& [index, name] : names)
    if (shown.size() < kShown) shown.push_back(name);
  return fmt::format("{}: {}{}", names.size(), fmt::join(shown, ", "), names.size() > kShown ? ", ..." : "");
}

std::string layer_table(const ModelSummary& summary) {
  std::string text = fmt::format("\n{:>5}  {:<14} {:>12}  {:<16} {}\n", "layer", "from", "parameters", "module", "yaml");
  for (const auto& row : summary.layers)
    text += fmt::format("{:>5}  {:<14} {:>12}  {:<16} {}\n", row.index, row.from, grouped(row.parameters), row.module, row.yaml);
  return text;
}

std::string safety_text(const Checkpoint& checkpoint) {
  std::string text = fmt::format("\nNothing in the file was executed: it names {} classes and functions, all read as plain data.\n",
                                 checkpoint.globals().size());
  const auto foreign = foreign_names(checkpoint);
  if (!foreign.empty()) text += fmt::format("UNUSUAL names, which other programs might run: {}\n", fmt::join(foreign, "; "));
  return text;
}

std::string to_text(const Checkpoint& checkpoint, const ModelSummary& summary) {
  const auto& info = summary.info;
  std::string text;
  const auto line = [&text](const char* key, const std::string& value) { text += fmt::format("{:<11} {}\n", key, value); };
  line("file", fmt::format("{} ({}, {} archive entries)", checkpoint.path().string(),
                           size_text(static_cast<std::int64_t>(checkpoint.file_bytes())), checkpoint.entries()));
  line("sha256", checkpoint.sha256());
  line("model", fmt::format("{}{} ({}, from '{}')", info.family, info.scale, summary.model_class, summary.taken_from));
  line("parameters", fmt::format("{} stored as {}", grouped(summary.parameters), summary.stored_dtype));
  line("classes", class_list(info.class_names));
  line("strides", fmt::format("{} px", fmt::join(info.strides, ", ")));
  return text + layer_table(summary) + safety_text(checkpoint);
}

bool is_checkpoint(const std::filesystem::path& file) {
  if (file.extension() == ".pt" || file.extension() == ".pth") return true;
  std::ifstream stream(file, std::ios::binary);
  char magic[2] = {};
  return stream.read(magic, 2) && magic[0] == 'P' && magic[1] == 'K';  // a zip archive
}

}  // namespace

std::string inspect_checkpoint(const std::filesystem::path& file, bool json) {
  const auto checkpoint = read_checkpoint(file);
  const auto summary = summarize_model(checkpoint);
  return json ? to_json(checkpoint, summary).dump(2) + "\n" : to_text(checkpoint, summary);
}

std::string inspect(const std::filesystem::path& file, bool json) {
  return is_checkpoint(file) ? inspect_checkpoint(file, json) : inspect_onnx(file, json);
}

}  // namespace nibble

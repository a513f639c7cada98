// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/image_size_text.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/size_text.h"
#include "text/inspect_text.h"

namespace nibble {
namespace {

Json layer_to_json(const CheckpointLayer& row) {
  return {{"index", row.index}, {"from", row.from}, {"module", row.module}, {"parameters", row.parameters}, {"yaml", row.yaml}};
}

Json names_to_json(const std::map<std::int64_t, std::string>& names) {
  Json json = Json::object();
  for (const auto& [index, name] : names) json[std::to_string(index)] = name;
  return json;
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
    if (shown.size() < kShown) shown.push_back(printable_line(name));
  return fmt::format("{}: {}{}", names.size(), fmt::join(shown, ", "), names.size() > kShown ? ", ..." : "");
}

std::string layer_table(const CheckpointSummary& summary) {
  std::string text = fmt::format("\n{:>5}  {:<14} {:>12}  {:<16} {}\n", "layer", "from", "parameters", "module", "yaml");
  for (const auto& row : summary.layers)
    text += fmt::format("{:>5}  {:<14} {:>12}  {:<16} {}\n", row.index, row.from, grouped(row.parameters), row.module, row.yaml);
  return text;
}

std::string safety_text(const CheckpointSummary& summary) {
  std::string text = fmt::format("\nNothing in the file was executed: it names {} classes and functions, all read as plain data.\n",
                                 summary.not_executed.size());
  const auto& foreign = summary.foreign_names;
  if (!foreign.empty()) text += fmt::format("UNUSUAL names, which other programs might run: {}\n", fmt::join(foreign, "; "));
  return text;
}

}  // namespace

Json to_json(const CheckpointSummary& summary) {
  Json layers = Json::array();
  for (const auto& row : summary.layers) layers.push_back(layer_to_json(row));
  return {{"file", summary.file.string()},
          {"bytes", summary.bytes},
          {"sha256", summary.sha256},
          {"archive_entries", summary.archive_entries},
          {"model_class", summary.model_class},
          {"taken_from", summary.taken_from},
          {"family", summary.family},
          {"scale", summary.scale},
          {"task", summary.task},
          {"stored_dtype", summary.stored_dtype},
          {"parameters", summary.parameters},
          {"strides", summary.strides},
          {"names", names_to_json(summary.class_names)},
          {"layers", layers},
          {"not_executed", summary.not_executed},
          {"foreign_names", summary.foreign_names},
          {"heads", summary.heads},
          {"imgsz", to_json(summary.image_size)},
          {"refused", summary.refusal ? Json(summary.refusal->what()) : Json(nullptr)}};
}

std::string text_of(const CheckpointSummary& summary) {
  std::string text;
  const auto line = [&text](const char* key, const std::string& value) { text += fmt::format("{:<11} {}\n", key, value); };
  line("file", fmt::format("{} ({}, {} archive entries)", summary.file.string(), size_text(summary.bytes), summary.archive_entries));
  line("sha256", summary.sha256);
  line("model", fmt::format("{}{} ({}, from '{}')", summary.family, summary.scale, summary.model_class, summary.taken_from));
  line("parameters", fmt::format("{} stored as {}", grouped(summary.parameters), summary.stored_dtype));
  line("classes", class_list(summary.class_names));
  line("strides", fmt::format("{} px", fmt::join(summary.strides, ", ")));
  if (!summary.heads.empty()) line("heads", fmt::format("{}", fmt::join(summary.heads, ", ")));
  line("input", fmt::format("{} px, unless --imgsz says otherwise", text_of(summary.image_size)));
  if (summary.refusal)
    line("refused", fmt::format("export ends with exit code {}: {}", summary.refusal->exit_code(), summary.refusal->what()));
  return text + layer_table(summary) + safety_text(summary);
}

}  // namespace nibble

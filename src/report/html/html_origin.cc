// SPDX-License-Identifier: Apache-2.0
#include "report/html/html_origin.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "base/json_line.h"
#include "base/size_text.h"

namespace nibble {
namespace {

bool is_plain(char letter, std::string_view more) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') ||
         more.find(letter) != std::string_view::npos;
}

std::string shell_word(const std::string& word) {
  bool plain = !word.empty();
  for (const char letter : word) plain = plain && is_plain(letter, "/-._~+:=,@%");
  if (plain && word.front() != '~') return word;
  std::string quoted = "'";
  for (const char letter : word) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
}

void add_row(Json& rows, const std::string& name, const std::string& value) {
  if (!value.empty()) rows.push_back({{"name", name}, {"value", value}});
}

std::string text_of(const Json& value) {
  if (value.is_null()) return "";
  return value.is_string() ? value.get<std::string>() : json_line(value);
}

std::string text_at(const Json& object, const char* key) { return object.contains(key) ? text_of(object.at(key)) : ""; }

void add_machine(Json& rows, const Json& machine) {
  for (const auto& [key, name] : {std::pair{"os", "system"}, {"kernel", "kernel"}, {"cpu", "processor"}, {"cores", "cores"}})
    add_row(rows, name, text_at(machine, key));
  if (machine.contains("memory_bytes")) add_row(rows, "memory", size_text(machine.at("memory_bytes").get<std::int64_t>()));
  add_row(rows, "GPU driver", text_at(machine, "gpu_driver"));
}

void add_libraries(Json& rows, const Json& manifest) {
  if (!manifest.contains("versions")) return;
  for (const auto& [name, version] : manifest.at("versions").items())
    if (!name.ends_with(" detail")) add_row(rows, name, version.is_null() ? "missing" : text_of(version));
}

void add_runtime(Json& rows, const HtmlInput& input) {
  if (input.manifest.contains("runtime")) {
    add_row(rows, "provider asked for", text_at(input.manifest.at("runtime"), "provider"));
    add_row(rows, "threads", text_at(input.manifest.at("runtime"), "threads"));
  }
  std::set<std::string> providers;
  for (const auto& artifact : input.report.artifacts)
    if (artifact.score) providers.insert(artifact.score->providers.begin(), artifact.score->providers.end());
  add_row(rows, "providers of the scores", fmt::format("{}", fmt::join(providers, ", ")));
  add_row(rows, "seed", text_at(input.manifest, "seed"));
}

}  // namespace

Json environment_rows(const HtmlInput& input) {
  Json rows = Json::array();
  add_machine(rows, input.machine);
  add_libraries(rows, input.manifest);
  add_runtime(rows, input);
  return rows;
}

Json data_lines(const HtmlInput& input) {
  Json lines = Json::array();
  if (input.manifest.contains("inputs") && input.manifest.at("inputs").contains("checkpoint")) {
    const auto& checkpoint = input.manifest.at("inputs").at("checkpoint");
    lines.push_back(fmt::format("checkpoint: {} (sha256 {})", text_at(checkpoint, "path"), text_at(checkpoint, "sha256").substr(0, 12)));
  }
  for (const auto& line : input.report.data) lines.push_back(line);
  return lines;
}

std::string shell_text(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const auto& word : words) quoted.push_back(shell_word(word));
  return fmt::format("{}", fmt::join(quoted, " "));
}

std::string relative_link(const std::string& path) {
  std::string link;
  for (const char letter : path)
    link += is_plain(letter, "/-._~") ? std::string(1, letter) : fmt::format("%{:02X}", static_cast<unsigned char>(letter));
  return "./" + link;
}

Json emphasis_parts(const std::string& text) {
  Json parts = Json::array();
  bool strong = false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find("**", begin), text.size());
    if (end > begin) parts.push_back({{"text", text.substr(begin, end - begin)}, {"strong", strong}});
    strong = !strong;
    begin = end + 2;
  }
  return parts;
}

}  // namespace nibble

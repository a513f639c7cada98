// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "layers.h"

namespace nibble::layers {
namespace {

using Row = std::vector<std::string>;

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r`");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r`") - first + 1));
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(trim(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

/// "| a | b |" -> {"a", "b"}; empty for any other line.
Row cells_of(std::string_view line) {
  if (line.size() < 2 || line.front() != '|') return {};
  line.remove_prefix(1);
  if (const auto last = line.find_last_of('|'); last != std::string_view::npos) line = line.substr(0, last);
  return split(line, '|');
}

std::vector<Row> table_of(std::string_view markdown, std::string_view first_heading) {
  std::vector<Row> rows;
  bool inside = false;
  for (const auto& line : split(markdown, '\n')) {
    const Row cells = cells_of(line);
    if (cells.empty()) {
      inside = false;
    } else if (inside) {
      if (!cells[0].starts_with("--")) rows.push_back(cells);
    } else {
      inside = cells[0] == first_heading;
    }
  }
  if (rows.empty()) throw std::runtime_error("no table headed '" + std::string(first_heading) + "'");
  return rows;
}

/// "src/ckpt" -> "ckpt", "include/nibble" -> "nibble".
std::string module_name(const std::string& folder) { return folder.substr(folder.find_last_of('/') + 1); }

/// "OpenCV (image_module.cc)" -> {"OpenCV", "image_module.cc"}.
std::pair<std::string, std::string> library_of(const std::string& item) {
  const auto open = item.find('(');
  if (open == std::string::npos) return {item, ""};
  return {trim(item.substr(0, open)), trim(item.substr(open + 1, item.find(')') - open - 1))};
}

bool is_nothing(const std::string& item) { return item.empty() || item == "-"; }

Module module_of(const Row& row) {
  if (row.size() != 4) throw std::runtime_error("row '" + row[0] + "': expected 4 cells, found " + std::to_string(row.size()));
  Module module;
  for (const auto& item : split(row[2], ',')) {
    if (item == "all")
      module.includes_all = true;
    else if (!is_nothing(item))
      module.modules.insert(item);
  }
  for (const auto& item : split(row[3], ','))
    if (!is_nothing(item)) module.libraries.insert(library_of(item));
  return module;
}

void require_rows(const Rules& rules, const std::set<std::string>& libraries) {
  for (const auto& [name, module] : rules.modules) {
    for (const auto& other : module.modules)
      if (!rules.modules.contains(other)) throw std::runtime_error("row '" + name + "': no row for folder '" + other + "'");
    for (const auto& [library, file] : module.libraries)
      if (!libraries.contains(library)) throw std::runtime_error("row '" + name + "': no row for library '" + library + "'");
  }
}

}  // namespace

Rules parse_rules(std::string_view markdown) {
  Rules rules;
  std::set<std::string> libraries;
  for (const auto& row : table_of(markdown, "folder")) rules.modules.emplace(module_name(row[0]), module_of(row));
  for (const auto& row : table_of(markdown, "outside library")) {
    libraries.insert(row[0]);
    for (const auto& header : split(row.at(1), ',')) rules.header_owner.emplace(header, row[0]);
  }
  require_rows(rules, libraries);
  return rules;
}

}  // namespace nibble::layers

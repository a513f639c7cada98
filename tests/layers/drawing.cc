// SPDX-License-Identifier: Apache-2.0
#include <sstream>

#include "layers.h"

namespace nibble::layers {
namespace {

std::set<std::string> modules_of(const std::string& text) {
  std::set<std::string> modules;
  std::istringstream words(text);
  for (std::string word; words >> word;) modules.insert(word.substr(word.find_last_of('/') + 1));
  return modules;
}

/// Its own folder and include/nibble go without saying in the table, "all" is every folder but the two that nothing includes.
std::set<std::string> included_by(const std::string& name, const Rules& rules) {
  const Module& module = rules.modules.at(name);
  std::set<std::string> found = module.modules;
  if (module.includes_all)
    for (const auto& [other, row] : rules.modules) found.insert(other);
  if (name != "nibble") found.insert("nibble");
  found.erase(name);
  if (module.includes_all) found.erase("cli");
  return found;
}

}  // namespace

std::vector<std::set<std::string>> parse_drawing(std::string_view markdown) {
  std::vector<std::set<std::string>> rows;
  std::istringstream lines{std::string(markdown)};
  bool inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      if (inside) break;
      inside = line == "```text";
    } else if (inside) {
      rows.push_back(modules_of(line.substr(0, line.find('|'))));
    }
  }
  return rows;
}

std::vector<std::string> drawing_faults(const std::vector<std::set<std::string>>& drawing, const Rules& rules) {
  std::vector<std::string> faults;
  std::map<std::string, std::size_t> row_of;
  for (std::size_t row = 0; row < drawing.size(); ++row)
    for (const auto& name : drawing[row]) {
      if (!rules.modules.contains(name)) faults.push_back("the drawing has a folder without a row in the table: " + name);
      if (!row_of.emplace(name, row).second) faults.push_back("the drawing has a folder twice: " + name);
    }
  for (const auto& [name, module] : rules.modules) {
    if (!row_of.contains(name)) {
      faults.push_back("the drawing lacks a folder: " + name);
      continue;
    }
    for (const auto& other : included_by(name, rules))
      if (row_of.contains(other) && row_of[other] <= row_of[name])
        faults.push_back("drawn in the wrong order: " + name + " includes " + other);
  }
  return faults;
}

}  // namespace nibble::layers

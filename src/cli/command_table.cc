// SPDX-License-Identifier: Apache-2.0
#include "cli/command_table.h"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace nibble {
namespace {

/// Shells and manual pages break lines themselves.
std::string in_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

OptionRow row_of(const CLI::Option& option) {
  OptionRow row;
  row.is_positional = option.get_positional();
  row.is_required = option.get_required();
  row.description = in_one_line(option.get_description());
  if (option.get_items_expected_max() > 0) {
    const auto type = option.get_type_name();
    row.type = type.substr(0, type.find(':'));  // behind it CLI11 says what is checked
    row.default_text = option.get_default_str();
  }
  if (row.is_positional) {
    row.names.push_back(option.get_name(true));
    return row;
  }
  for (const auto& name : option.get_lnames()) row.names.push_back("--" + name);
  for (const auto& name : option.get_snames()) row.names.push_back("-" + name);
  return row;
}

}  // namespace

std::vector<std::string> OptionRow::choices() const {
  const bool is_list = type.find('|') != std::string::npos && std::all_of(type.begin(), type.end(), [](unsigned char c) {
                         return std::islower(c) || std::isdigit(c) || c == '|' || c == '-';
                       });
  std::vector<std::string> words;
  if (!is_list) return words;
  std::istringstream parts(type);
  for (std::string word; std::getline(parts, word, '|');) words.push_back(word);
  return words;
}

std::vector<CommandRow> command_table(const CLI::App& app) {
  std::vector<CommandRow> rows;
  for (const auto* command : app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); })) {
    CommandRow row{command->get_name(), in_one_line(command->get_description()), command->get_footer(), {}};
    for (const auto* option : command->get_options())
      if (option != command->get_help_ptr()) row.options.push_back(row_of(*option));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace nibble

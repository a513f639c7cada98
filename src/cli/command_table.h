// SPDX-License-Identifier: Apache-2.0
// The command line as plain data, read off the parser itself: completions and the manual page cannot differ from what is parsed.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace nibble {

struct OptionRow {
  std::vector<std::string> names;  ///< "--conf", "-o"; of a positional argument its name in capitals
  std::string type;                ///< "FILE", "stop|skip"; empty: a flag
  std::string default_text;        ///< empty: none is shown
  std::string description;
  bool is_positional = false;
  bool is_required = false;
  /// What may be given where the type is a list of words; else empty.
  std::vector<std::string> choices() const;
};
struct CommandRow {
  std::string name, description, examples;
  std::vector<OptionRow> options;
};

/// The commands in the order of the help, --help left out.
std::vector<CommandRow> command_table(const CLI::App& app);

}  // namespace nibble

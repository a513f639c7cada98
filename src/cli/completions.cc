// SPDX-License-Identifier: Apache-2.0
#include "cli/completions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "nibble/version.h"

namespace nibble {
namespace {

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
  return text;
}

/// Within single quotes of a POSIX shell.
std::string quoted(const std::string& text) { return "'" + replaced(text, "'", "'\\''") + "'"; }

/// Within single quotes of fish.
std::string fish_quoted(const std::string& text) { return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'"; }

std::vector<std::string> names_of(const std::vector<CommandRow>& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command.name);
  return names;
}

std::vector<std::string> option_names(const CommandRow& command) {
  std::vector<std::string> names = {"--help"};
  for (const auto& option : command.options)
    if (!option.is_positional) names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

bool takes_file(const OptionRow& option) {
  return option.type.find("FILE") != std::string::npos || option.type.find("DIR") != std::string::npos ||
         option.type.find("LIST") != std::string::npos;
}

/// For zsh, where a colon and brackets end a part.
std::string zsh_text(const std::string& text) {
  std::string escaped;
  for (const char letter : text) {
    if (letter == ':' || letter == '[' || letter == ']' || letter == '\\') escaped += '\\';
    escaped += letter;
  }
  return escaped;
}

std::string zsh_values(const OptionRow& option) {
  if (const auto choices = option.choices(); !choices.empty()) return fmt::format("({})", fmt::join(choices, " "));
  return takes_file(option) ? "_files" : "";
}

std::string zsh_spec(const OptionRow& option, const std::string& name) {
  if (option.is_positional) return quoted(fmt::format("*:{}:_files", zsh_text(name)));
  const auto value = option.type.empty() ? "" : fmt::format(":{}:{}", zsh_text(option.type), zsh_values(option));
  return quoted(fmt::format("*{}[{}]{}", name, zsh_text(option.description), value));
}

/// Text for man(7): a line must not begin with a dot or an apostrophe, and a hyphen stays one.
std::string roff(const std::string& text) {
  const auto plain = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  return plain.starts_with('.') || plain.starts_with('\'') ? "\\&" + plain : plain;
}

std::string roff_lines(const std::string& text) {
  std::string lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines += roff(text.substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return lines;
}

std::string manual_option(const OptionRow& option) {
  std::string text = ".TP\n\\fB" + roff(fmt::format("{}", fmt::join(option.names, ", "))) + "\\fR";
  if (!option.type.empty() && !option.is_positional) text += " \\fI" + roff(option.type) + "\\fR";
  text += "\n" + roff(option.description);
  if (!option.default_text.empty()) text += roff(fmt::format(" (default: {})", option.default_text));
  return text + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<CommandRow>& commands) {
  std::string words, values;
  for (const auto& command : commands) {
    words += fmt::format("    {}) words={} ;;\n", command.name, quoted(fmt::format("{}", fmt::join(option_names(command), " "))));
    for (const auto& option : command.options)
      if (const auto choices = option.choices(); !choices.empty() && !option.is_positional)
        for (const auto& name : option.names)
          values += fmt::format("    '{} {}') words={} ;;\n", command.name, name, quoted(fmt::format("{}", fmt::join(choices, " "))));
  }
  return fmt::format(
      "# Completion of nibble's command line for bash.\n"
      "_nibble() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=\n"
      "  if ((COMP_CWORD == 1)); then\n"
      "    COMPREPLY=($(compgen -W {} -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  case \"${{COMP_WORDS[1]}} $before\" in\n"
      "{}"
      "  esac\n"
      "  if [[ -n $words ]]; then\n"
      "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "    return\n"
      "  fi\n"
      "  [[ $current == -* ]] || {{ COMPREPLY=($(compgen -f -- \"$current\")); return; }}\n"
      "  case ${{COMP_WORDS[1]}} in\n"
      "{}"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -o filenames -F _nibble nibble\n",
      quoted(fmt::format("{} --help --version", fmt::join(names_of(commands), " "))), values, words);
}

std::string zsh_completion(const std::vector<CommandRow>& commands) {
  std::string list, cases;
  for (const auto& command : commands) {
    list += fmt::format("    {}\n", quoted(fmt::format("{}:{}", command.name, zsh_text(command.description))));
    std::string specs;
    for (const auto& option : command.options)
      for (const auto& name : option.names) specs += fmt::format(" \\\n        {}", zsh_spec(option, name));
    cases += fmt::format("    {})\n      _arguments -s '--help[show the options]'{} ;;\n", command.name, specs);
  }
  return fmt::format(
      "#compdef nibble\n"
      "# Completion of nibble's command line for zsh.\n"
      "_nibble() {{\n"
      "  local -a commands=(\n{}  )\n"
      "  if ((CURRENT == 2)); then\n"
      "    _describe 'command' commands\n"
      "    return\n"
      "  fi\n"
      "  local command=${{words[2]}}\n"
      "  shift words\n"
      "  ((CURRENT--))\n"
      "  case $command in\n{}  esac\n"
      "}}\n"
      "_nibble \"$@\"\n",
      list, cases);
}

std::string fish_completion(const std::vector<CommandRow>& commands) {
  std::string text =
      "# Completion of nibble's command line for fish.\n"
      "complete -c nibble -n __fish_use_subcommand -l version -d 'versions of nibble and its libraries'\n";
  for (const auto& command : commands)
    text += fmt::format("complete -c nibble -f -n __fish_use_subcommand -a {} -d {}\n", command.name, fish_quoted(command.description));
  for (const auto& command : commands)
    for (const auto& option : command.options) {
      if (option.is_positional) continue;
      text += fmt::format("complete -c nibble -n '__fish_seen_subcommand_from {}'", command.name);
      for (const auto& name : option.names)
        text += name.starts_with("--") ? fmt::format(" -l {}", name.substr(2)) : fmt::format(" -s {}", name.substr(1));
      if (!option.type.empty()) text += takes_file(option) ? " -r" : " -x";
      if (const auto choices = option.choices(); !choices.empty())
        text += fmt::format(" -a {}", fish_quoted(fmt::format("{}", fmt::join(choices, " "))));
      text += fmt::format(" -d {}\n", fish_quoted(option.description));
    }
  return text;
}

std::string manual_page(const std::vector<CommandRow>& commands, const std::string& footer) {
  std::string text = fmt::format(
      ".TH NIBBLE 1 \"\" \"nibble {}\" \"User commands\"\n"
      ".SH NAME\nnibble \\- YOLO detectors in 4 bits: from a checkpoint to ONNX files that still detect, with proof\n"
      ".SH SYNOPSIS\n.B nibble\n.I COMMAND\n[options]\n.SH COMMANDS\n",
      kVersion);
  for (const auto& command : commands) text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", command.name, roff(command.description));
  for (const auto& command : commands) {
    text += fmt::format(".SH NIBBLE {}\n{}\n", command.name, roff(command.description));
    for (const auto& option : command.options) text += manual_option(option);
    text += ".PP\n.nf\n" + roff_lines(command.examples) + ".fi\n";
  }
  return text + ".SH NOTES\n.nf\n" + roff_lines(footer) + ".fi\n";
}

}  // namespace nibble

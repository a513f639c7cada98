// SPDX-License-Identifier: Apache-2.0
// Scripts that make a shell complete nibble's command line, and its manual page.
#pragma once
#include <string>
#include <vector>

#include "cli/command_table.h"

namespace nibble {

/// To be sourced: `source <(nibble completion bash)`.
std::string bash_completion(const std::vector<CommandRow>& commands);
/// A file `_nibble` in a folder of $fpath.
std::string zsh_completion(const std::vector<CommandRow>& commands);
/// A file nibble.fish in ~/.config/fish/completions.
std::string fish_completion(const std::vector<CommandRow>& commands);
/// nibble.1 in man(7)'s macros.
std::string manual_page(const std::vector<CommandRow>& commands, const std::string& footer);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// recipes, completion
#include "cli/commands.h"
#include "cli/completions.h"
#include "text/result_text.h"

namespace nibble {
namespace {

void add_recipes(CLI::App& app, Action& chosen) {
  struct Shown {
    bool json = false, schema = false;
  };
  auto shown = std::make_shared<Shown>();
  auto& command = add_command(app, "recipes", "The recipes that come with nibble, with what they cost where they were measured",
                              "  nibble recipes\n"
                              "  nibble recipes --json\n"
                              "  nibble recipes --schema > recipe.schema.json\n"
                              "      for editors: '# yaml-language-server: $schema=recipe.schema.json' as the first line of a recipe\n");
  auto* json = command.add_flag("--json", shown->json, "as JSON");
  command.add_flag("--schema", shown->schema, "instead of the list the JSON schema of recipes: keys, meanings, ranges, defaults")
      ->excludes(json);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [] { return CommandPaths{}; },
      [shown](Terminal&) {
        if (shown->schema) {
          print_result(recipe_schema());
          return 0;
        }
        const auto list = shipped_recipes();
        print_result(shown->json ? json_text_of(list) : text_of(list));
        return 0;
      });
}

std::string script_for(const std::string& shell, const CLI::App& app) {
  const auto commands = command_table(app);
  if (shell == "bash") return bash_completion(commands);
  if (shell == "zsh") return zsh_completion(commands);
  if (shell == "fish") return fish_completion(commands);
  return manual_page(commands, app.get_footer());
}

void add_completion(CLI::App& app, Action& chosen) {
  auto shell = std::make_shared<std::string>();
  auto& command = add_command(app, "completion", "Print a completion script for a shell, or the manual page",
                              "  source <(nibble completion bash)\n"
                              "  nibble completion zsh > ~/.zfunc/_nibble\n"
                              "  nibble completion fish > ~/.config/fish/completions/nibble.fish\n"
                              "  nibble completion man | man -l -\n");
  command.add_option("SHELL", *shell, "bash, zsh, fish, or man for the manual page")
      ->required()
      ->type_name("bash|zsh|fish|man")
      ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}));
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [] { return CommandPaths{}; },
      [shell, &app](Terminal&) {
        print_result(script_for(*shell, app));
        return 0;
      });
}

}  // namespace

void add_shell_commands(CLI::App& app, Action& chosen) {
  add_recipes(app, chosen);
  add_completion(app, chosen);
}

}  // namespace nibble

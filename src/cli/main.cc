// SPDX-License-Identifier: Apache-2.0
// The command line: parses, runs one command, turns errors into one line and an exit code.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <filesystem>
#include <map>
#include <new>

#include "base/printable.h"
#include "base/suggestion.h"
#include "cli/command_table.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/shared_options.h"
#include "nibble/error.h"
#include "nibble/unwritten.h"
#include "text/result_text.h"

namespace nibble {
namespace {

constexpr const char* kFooter =
    "First steps:\n"
    "  nibble run                                       the main job on the embedded model and images\n"
    "  nibble run best.pt                               your own checkpoint\n"
    "  nibble inspect best.pt                           what is in it\n"
    "  nibble eval model.onnx --images DIR --annotations instances.json\n"
    "\n"
    "nibble COMMAND --help shows the options of a command.\n"
    "\n"
    "Exit codes: 0 done, 1 a gate failed, 2 usage, 3 bad input, 4 unsupported, 5 environment (library, provider, GPU, disk),\n"
    "6 numeric, 70 internal, 130 interrupted.\n";

int report_error(int code, const std::string& message) {
  say(fmt::format("nibble: {}\n", printable_line(message)));
  return code;
}

/// Numbers first: they took the time.
int show_unwritten(const UnwrittenResult& error) {
  try {
    print_result(error.result());
  } catch (const Error&) {
    // Standard output is closed or full too.
  }
  return report_error(error.exit_code(), error.what());
}

/// What the option that was not expected is nearest to, among those of the command; empty where it is near to none.
std::string suggestion_for_option(const CLI::App& app, const std::string& problem) {
  const auto begin = problem.find("--");
  const auto chosen = app.get_subcommands();
  if (problem.find("not expected") == std::string::npos || begin == std::string::npos || chosen.empty()) return "";
  const auto word = problem.substr(begin, problem.find_first_of(" =", begin) - begin);
  std::vector<std::string> known;
  for (const auto* option : chosen.front()->get_options())
    for (const auto& name : option->get_lnames()) known.push_back("--" + name);
  // An option of another command is often the end of one here: --epochs of "nibble qat" is --qat-epochs of "nibble run".
  const auto longer =
      std::find_if(known.begin(), known.end(), [&](const auto& name) { return word.size() > 2 && name.ends_with(word.substr(1)); });
  return longer != known.end() ? fmt::format("; did you mean '{}'?", *longer) : suggestion_for(word, known);
}

/// "nibble export --help" where the command is known.
std::string help_of(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return fmt::format("nibble {}--help", chosen.empty() ? "" : chosen.front()->get_name() + " ");
}

/// An option that the command does not have is named before one that it needs: it is often that one, mistyped.
std::string problem_of(const CLI::App& app, const CLI::ParseError& error) {
  const auto extras = app.remaining(true);
  const bool is_extra = !extras.empty() && extras.front().starts_with("-");
  return is_extra ? fmt::format("The following argument was not expected: {}", extras.front()) : error.what();
}

/// CLI11 throws for --help too; what is left is a usage error.
int finish_parse(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return app.exit(error);
  const auto problem = problem_of(app, error);
  return report_error(static_cast<int>(ErrorKind::usage),
                      fmt::format("usage: {}{}; see {}", problem, suggestion_for_option(app, problem), help_of(app)));
}

/// The first option or argument of the command that was given an empty text; empty where there is none. `"$IMAGES"` is one where the
/// variable is not set, and the default would be taken in its place without a word.
std::string name_of_empty(const CLI::App& app) {
  for (const auto* command : app.get_subcommands())
    for (const auto* option : command->get_options()) {
      const auto& values = option->results();
      if (std::find(values.begin(), values.end(), "") == values.end()) continue;
      return option->get_positional() ? option->get_name(true) : "--" + option->get_lnames().front();
    }
  return "";
}

/// "nibble help" and "nibble help COMMAND" as "nibble --help" and "nibble COMMAND --help".
std::vector<std::string> with_help_as_option(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments.front() != "help") return arguments;
  arguments.erase(arguments.begin());
  arguments.emplace_back("--help");
  return arguments;
}

/// "; did you mean 'qat'?" for a command as other tools call it, or mistyped.
std::string suggestion_for_command(const std::string& word, const std::vector<std::string>& known) {
  static const std::map<std::string, std::string> kElsewhere = {{"train", "qat"},         {"val", "eval"},       {"detect", "predict"},
                                                                {"benchmark", "profile"}, {"convert", "export"}, {"info", "inspect"},
                                                                {"version", "--version"}, {"track", "predict"},  {"simplify", "clean"}};
  const auto meant = kElsewhere.find(word);
  return meant == kElsewhere.end() ? suggestion_for(word, known) : fmt::format("; did you mean '{}'?", meant->second);
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto& command : command_table(app)) names.push_back(command.name);
  return names;
}

int parse_and_run(int argc, char** argv) {
  CLI::App app{"nibble: YOLO detectors in 4 bits. From a checkpoint to 4-bit ONNX files that still detect, with proof.", "nibble"};
  app.footer(kFooter);
  app.get_formatter()->column_width(34);
  bool wants_version = false;
  app.add_flag("--version", wants_version, "versions of nibble, LibTorch, ONNX Runtime, OpenCV");
  Action chosen;
  add_run_commands(app, chosen, {argv, argv + argc});
  add_model_commands(app, chosen);
  add_train_commands(app, chosen);
  add_score_commands(app, chosen);
  add_compare_command(app, chosen);
  add_predict_command(app, chosen);
  add_proof_commands(app, chosen);
  add_shell_commands(app, chosen);
  app.require_subcommand(0, 1);
  auto arguments = with_joined_sizes(with_help_as_option({argv + 1, argv + argc}));
  // Before CLI11 sees a --help behind it and answers with the general help.
  if (!arguments.empty() && !arguments[0].starts_with("-") &&
      app.get_subcommands([&](CLI::App* command) { return command->get_name() == arguments[0]; }).empty())
    return report_error(static_cast<int>(ErrorKind::usage), fmt::format("usage: unknown command '{}'{}; see nibble --help", arguments[0],
                                                                        suggestion_for_command(arguments[0], command_names(app))));
  try {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    return finish_parse(app, error);
  }
  if (const auto name = name_of_empty(app); !name.empty())
    return report_error(static_cast<int>(ErrorKind::usage),
                        fmt::format("usage: {}: is empty; give a value, or leave it out; see {}", name, help_of(app)));
  if (wants_version) {
    print_result(text_of(library_states()));
    return 0;
  }
  if (!chosen) return report_error(static_cast<int>(ErrorKind::usage), "usage: no command; see nibble --help");
  return chosen();
}

}  // namespace
}  // namespace nibble

int main(int argc, char** argv) {
  using nibble::ErrorKind;
  nibble::open_missing_streams();
  nibble::install_interrupt_handlers();
  nibble::keep_libraries_quiet();
  try {
    return nibble::parse_and_run(argc, argv);
  } catch (const nibble::UnwrittenResult& error) {
    return nibble::show_unwritten(error);
  } catch (const nibble::Error& error) {
    return nibble::report_error(error.exit_code(), error.what());
  } catch (const std::bad_alloc&) {
    return nibble::report_error(static_cast<int>(ErrorKind::environment),
                                "out of memory: this process: an allocation failed; use fewer or smaller images");
  } catch (const std::filesystem::filesystem_error& error) {
    const bool is_name_refused = error.code() == std::errc::filename_too_long;
    return nibble::report_error(
        static_cast<int>(is_name_refused ? ErrorKind::input : ErrorKind::environment),
        fmt::format("file system: {}: {}; check the path, its permissions and free space", error.path1().string(), error.code().message()));
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::resource_unavailable_try_again)
      return nibble::report_error(static_cast<int>(ErrorKind::internal), fmt::format("internal error: {}; please report it", error.what()));
    return nibble::report_error(
        static_cast<int>(ErrorKind::environment),
        fmt::format("threads: this process: {}; raise the limit (ulimit -u, a container's pids.max), or take fewer with "
                    "--threads N",
                    error.code().message()));
  } catch (const std::exception& error) {
    return nibble::report_error(static_cast<int>(ErrorKind::internal), fmt::format("internal error: {}; please report it", error.what()));
  }
}

// SPDX-License-Identifier: Apache-2.0
// Options several commands have, declared once.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cli/terminal.h"
#include "nibble/run.h"

namespace nibble {

/// --quiet, --verbose, --log: every command.
struct OutputOptions {
  bool quiet = false;
  bool verbose = false;
  std::filesystem::path log_file;
  Verbosity verbosity() const { return quiet ? Verbosity::quiet : verbose ? Verbosity::verbose : Verbosity::normal; }
};

void add_output_options(CLI::App& command, OutputOptions& options);
/// --threads, --seed, --provider, --allow-cpu-fallback.
void add_runtime_options(CLI::App& command, RuntimeOptions& options);
/// --session-option KEY=VALUE, as often as wanted.
void add_session_options(CLI::App& command, RuntimeOptions& options);
/// --annotations, --max-images, --image-ids-list; --images where the command reads images. `default_count`: how many are
/// scored without --max-images, for the help.
void add_data_options(CLI::App& command, DataOptions& options, bool with_images, const std::string& default_count = "all");
/// --head, --imgsz.
void add_head_options(CLI::App& command, std::string& head, std::int64_t& image_size);

/// --preset.
void add_preset_option(CLI::App& command, std::string& preset);

/// Counts: 1 and more, within reason.
CLI::Validator count_range();

/// What main runs after parsing; returns the exit code.
using Action = std::function<int()>;

/// A command whose body gets a Terminal; errors leave as exceptions.
CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& description, const std::string& examples);

/// Sets `chosen` when the command was given.
void on_command(CLI::App& command, const std::shared_ptr<OutputOptions>& output, Action& chosen, std::function<int(Terminal&)> body);

/// Writes a result to stdout. Error(environment) when stdout is closed or full.
void print_result(const std::string& text);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// Options several commands have, declared once.
#pragma once
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "cli/terminal.h"
#include "nibble/options.h"
#include "nibble/paths.h"

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
/// --load-seconds, --load-memory: commands that load ONNX files of others. They hold for the whole process (nibble/limits.h).
void add_load_options(CLI::App& command);
/// --max-image-pixels: commands that decode images. As above.
void add_image_limit_option(CLI::App& command);
/// --session-option KEY=VALUE, as often as wanted, and the two above: commands that run ONNX files on images.
void add_session_options(CLI::App& command, RuntimeOptions& options);
/// --annotations, --max-images, --image-ids-list; --images where the command reads images. `default_count`: how many are
/// scored without --max-images, for the help.
void add_data_options(CLI::App& command, DataOptions& options, bool with_images, const std::string& default_count = "all");
/// --head, --imgsz.
void add_head_options(CLI::App& command, std::string& head, std::optional<ImageSize>& image_size);
/// --imgsz of a file that is read or a network that is built.
CLI::Option& add_image_size_option(CLI::App& command, std::optional<ImageSize>& image_size);
/// What a file leaves open: --imgsz, --output-layout.
void add_detector_file_options(CLI::App& command, DetectorFileOptions& file);
/// The arguments with `--imgsz H W` written as `--imgsz H,W`, so that no option takes a variable number of words.
std::vector<std::string> with_joined_sizes(const std::vector<std::string>& arguments);

/// --preset.
void add_preset_option(CLI::App& command, std::string& preset);
/// --target of commands that make files.
void add_target_option(CLI::App& command, std::string& target);

/// --on-bad-data. `otherwise`: what happens without it, for the help.
CLI::Option& add_bad_data_option(CLI::App& command, std::string& on_bad_data, const std::string& otherwise);

/// --resamples.
void add_resamples_option(CLI::App& command, std::int64_t& resamples);
/// --baseline-detections.
void add_baseline_option(CLI::App& command, std::filesystem::path& detections);

/// Counts: 1 and more, within reason.
CLI::Validator count_range();

/// What main runs after parsing; returns the exit code.
using Action = std::function<int()>;

/// A command whose body gets a Terminal; errors leave as exceptions.
CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& description, const std::string& examples);

/// Sets `chosen` when the command was given.
/// Before anything is opened for writing, `paths` and --log are checked together (base/output_path.h).
void on_command(CLI::App& command, const std::shared_ptr<OutputOptions>& output, Action& chosen, std::function<CommandPaths()> paths,
                std::function<int(Terminal&)> body);

/// Writes a result to stdout, without terminal codes (base/printable.h). Error(environment) when stdout is closed or full.
void print_result(const std::string& result);

}  // namespace nibble

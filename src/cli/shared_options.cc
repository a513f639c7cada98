// SPDX-License-Identifier: Apache-2.0
#include "cli/shared_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "base/image_size_text.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/output_path.h"
#include "base/printable.h"
#include "nibble/error.h"
#include "nibble/target.h"

namespace nibble {
namespace {
constexpr const char* kSharedGroup = "Shared options";
constexpr double kGibibyte = 1 << 30;

/// CLI11 lets a number that is too large wrap around or saturate.
std::string seed_problem(const std::string& text) {
  std::uint64_t seed = 0;
  const auto* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, seed);
  return result.ec == std::errc{} && result.ptr == end ? "" : "'" + text + "' is not a whole number from 0 to 2^64 - 1";
}
}  // namespace

CLI::Validator count_range() { return CLI::Range(std::int64_t{1}, std::int64_t{1'000'000'000}); }

void add_output_options(CLI::App& command, OutputOptions& options) {
  auto* quiet = command.add_flag("--quiet", options.quiet, "no progress; warnings and errors only")->group(kSharedGroup);
  command.add_flag("--verbose", options.verbose, "show log messages")->group(kSharedGroup)->excludes(quiet);
  command.add_option("--log", options.log_file, "also write log messages to this file")->type_name("FILE")->group(kSharedGroup);
}

void add_runtime_options(CLI::App& command, RuntimeOptions& options) {
  command.add_option("--threads", options.threads, "threads to compute with; 0: the cores")
      ->check(CLI::Range(0, 256))
      ->type_name("N")
      ->capture_default_str()
      ->group(kSharedGroup);
  command.add_option("--seed", options.seed, "of everything random")
      ->check(seed_problem)
      ->type_name("N")
      ->capture_default_str()
      ->group(kSharedGroup);
  command
      .add_option("--provider", options.provider,
                  "cpu or cuda, of ONNX Runtime and of LibTorch where it computes; asked for and missing is an error")
      ->type_name("NAME")
      ->capture_default_str()
      ->group(kSharedGroup);
  command.add_flag("--allow-cpu-fallback", options.allow_cpu_fallback, "with cuda: nodes without a CUDA kernel run on the CPU")
      ->group(kSharedGroup);
}

void add_load_options(CLI::App& command) {
  const Limits usual;
  command
      .add_option_function<double>(
          "--load-seconds",
          [](double seconds) {
            auto limits = chosen_limits();
            limits.load_seconds = seconds;
            set_limits(limits);
          },
          "an ONNX file from elsewhere is tried in a child process first: what that may take; 0: no trial, the file is trusted")
      ->check(CLI::Range(0.0, 86400.0))
      ->type_name("N")
      ->default_str(fmt::format("{}", usual.load_seconds))
      ->group(kSharedGroup);
  command
      .add_option_function<double>(
          "--load-memory",
          [](double gibibytes) {
            auto limits = chosen_limits();
            limits.load_memory_bytes = static_cast<std::int64_t>(gibibytes * kGibibyte);
            set_limits(limits);
          },
          "memory that the trial may take, besides what its bytes, inputs and threads account for")
      ->check(CLI::Range(0.001, 1024.0))
      ->type_name("GIB")
      ->default_str(fmt::format("{}", static_cast<double>(usual.load_memory_bytes) / kGibibyte))
      ->group(kSharedGroup);
}

void add_image_limit_option(CLI::App& command) {
  command
      .add_option_function<std::int64_t>(
          "--max-image-pixels",
          [](std::int64_t pixels) {
            auto limits = chosen_limits();
            limits.image_pixels = pixels;
            set_limits(limits);
          },
          "an image whose header says more is refused before it is decoded")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 30))
      ->type_name("N")
      ->default_str(fmt::format("{}", Limits{}.image_pixels))
      ->group(kSharedGroup);
}

void add_resamples_option(CLI::App& command, std::int64_t& resamples) {
  command.add_option("--resamples", resamples, "resamples of the images for 95 % intervals (bootstrap); 0: no intervals")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000}))
      ->type_name("N")
      ->capture_default_str();
}

void add_baseline_option(CLI::App& command, std::filesystem::path& detections) {
  command
      .add_option("--baseline-detections", detections,
                  "detections of another file on the same images (eval --save-detections): changes against it, with intervals")
      ->type_name("FILE");
}

void add_session_options(CLI::App& command, RuntimeOptions& options) {
  const auto take = [&options](const std::vector<std::string>& entries) {
    for (const auto& entry : entries) {
      const auto sign = entry.find('=');
      if (sign == std::string::npos || sign == 0)
        throw CLI::ValidationError("--session-option", "'" + entry + "' is not KEY=VALUE, as in session.disable_quant_qdq=1");
      options.session_options[entry.substr(0, sign)] = entry.substr(sign + 1);
    }
  };
  add_load_options(command);
  add_image_limit_option(command);
  command
      .add_option_function<std::vector<std::string>>(
          "--session-option", take,
          "an entry of ONNX Runtime's session configuration, as often as wanted: session.disable_quant_qdq=1 makes float weights of the "
          "4-bit ones when a file is loaded")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->group(kSharedGroup);
}

void add_data_options(CLI::App& command, DataOptions& options, bool with_images, const std::string& default_count) {
  if (with_images) command.add_option("--images", options.images, "folder of the images to score")->type_name("DIR");
  command.add_option("--annotations", options.annotations, "COCO instances_*.json, or a YOLO data.yaml")->type_name("FILE");
  auto* max = command.add_option("--max-images", options.max_images, "the first N images by ascending id (default: " + default_count + ")")
                  ->type_name("N")
                  ->check(count_range());
  command.add_option("--image-ids-list", options.image_ids_list, "only these: one image id per line, # comments")
      ->type_name("FILE")
      ->excludes(max);
}

CLI::Option& add_bad_data_option(CLI::App& command, std::string& on_bad_data, const std::string& otherwise) {
  return *command
              .add_option("--on-bad-data", on_bad_data,
                          "what cannot be read: stop, or skip it with its image (all are listed either way; default: " + otherwise + ")")
              ->type_name("stop|skip")
              ->check(CLI::IsMember({"stop", "skip"}));
}

void add_preset_option(CLI::App& command, std::string& preset) {
  command
      .add_option("--preset", preset,
                  "how much work 4 bits are worth: fast rounds on 40 images, default on 200, best on 400, each seen twice; best also "
                  "trains what has less than 8 bits, on the calibration images and without labels")
      ->type_name("fast|default|best")
      ->capture_default_str();
}

void add_target_option(CLI::App& command, std::string& target) {
  command
      .add_option(
          "--target", target,
          fmt::format("the consumer of the files: sets what it demands, refuses what it cannot do: {}", fmt::join(target_names(), ", ")))
      ->type_name("NAME")
      ->check(CLI::IsMember(target_names()));
}

namespace {

constexpr std::int64_t kSmallestSide = 32, kLargestSide = 8192;
constexpr const char* kImageSizeWords = "N|H,W";

std::string read_image_size(const std::string& text, ImageSize& size) {
  const auto read = parse_image_size(text);
  if (!read) return "'" + text + "' is no image size; give a side (640) or height and width (384,640)";
  if (std::min(read->height, read->width) < kSmallestSide || std::max(read->height, read->width) > kLargestSide)
    return "'" + text + "': sides are 32 to 8192 pixels";
  size = *read;
  return "";
}

CLI::Option& add_size(CLI::App& command, std::optional<ImageSize>& image_size, const std::string& otherwise) {
  const std::string description = "pixels of the network's input: a side, or height,width (default: " + otherwise + ")";
  return *command.add_option("--imgsz", description)->type_name(kImageSizeWords)->check([&image_size](const std::string& text) {
    return read_image_size(text, image_size.emplace());
  });
}

bool is_number(const std::string& text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos; }

}  // namespace

CLI::Option& add_image_size_option(CLI::App& command, std::optional<ImageSize>& image_size) {
  return add_size(command, image_size, "the ONNX file's, its metadata's imgsz, 640");
}

void add_detector_file_options(CLI::App& command, DetectorFileOptions& file) {
  add_image_size_option(command, file.image_size);
  command
      .add_option("--output-layout", file.output_layout,
                  "what the output is, where the file leaves it open: one2one (end2end) [B,N,6], one2many [B,4+classes,A], raw "
                  "[B,64+classes,A], yolov5 [B,A,5+classes] with objectness")
      ->type_name("NAME");
}

std::vector<std::string> with_joined_sizes(const std::vector<std::string>& arguments) {
  std::vector<std::string> joined;
  for (const auto& argument : arguments) {
    const bool follows_height = joined.size() >= 2 && joined[joined.size() - 2] == "--imgsz" && is_number(joined.back());
    const bool follows_equals = !joined.empty() && joined.back().starts_with("--imgsz=") && is_number(joined.back().substr(8));
    if ((follows_height || follows_equals) && is_number(argument)) {
      joined.back() += "," + argument;
    } else {
      joined.push_back(argument);
    }
  }
  return joined;
}

void add_head_options(CLI::App& command, std::string& head, std::optional<ImageSize>& image_size) {
  command
      .add_option("--head", head, "what output0 is: one2one [B,300,6], one2many [B,4+classes,8400], raw [B,64+classes,8400], raw_one2one")
      ->type_name("NAME")
      ->capture_default_str();
  add_size(command, image_size, "what the checkpoint was trained at, 640 where it does not say");
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& description, const std::string& examples) {
  auto* command = app.add_subcommand(name, description);
  command->footer("Examples:\n" + examples);
  return *command;
}

void on_command(CLI::App& command, const std::shared_ptr<OutputOptions>& output, Action& chosen, std::function<CommandPaths()> paths,
                std::function<int(Terminal&)> body) {
  add_output_options(command, *output);
  command.final_callback([output, paths = std::move(paths), body = std::move(body), &chosen] {
    chosen = [output, paths, body] {
      Terminal terminal(output->verbosity());
      CommandPaths places = paths();
      places.logs.push_back(output->log_file);
      check_paths(places);
      std::unique_ptr<LogFile> log_file;
      if (!output->log_file.empty()) log_file = std::make_unique<LogFile>(output->log_file);
      return body(terminal);
    };
  });
}

void print_result(const std::string& result) {
  const std::string text = printable(result);
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (!written) throw Error(ErrorKind::environment, std::string("cannot write result: standard output: ") + std::strerror(errno));
}

}  // namespace nibble

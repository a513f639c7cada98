// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/budget_options.h"
#include "cli/commands.h"
#include "text/result_text.h"

namespace nibble {
namespace {

void add_inspect(CLI::App& app, Action& chosen) {
  struct Options {
    std::filesystem::path file;
    bool json = false;
    std::string target, runtime;
  };
  auto options = std::make_shared<Options>();
  auto& command = add_command(app, "inspect", "What a .pt or .onnx file holds; nothing in it is executed",
                              "  nibble inspect yolov10n.pt\n  nibble inspect yolov10n-w4a16-int4-ptq.onnx --json\n"
                              "  nibble inspect yolov10n-w4a16-int4-ptq.onnx --target ort-cuda --ort 1.24\n"
                              "      which nodes would go to the CPU there\n"
                              "  nibble inspect yolov10n-w4a8-qcdq-ptq-opt.onnx --target tensorrt\n");
  command.add_option("FILE", options->file, "a checkpoint or an ONNX model")->required()->type_name("FILE");
  command.add_flag("--json", options->json, "as JSON");
  auto* target = command
                     .add_option("--target", options->target,
                                 "instead: what this consumer refuses of an ONNX file, by rules; nothing is run: " +
                                     fmt::format("{}", fmt::join(target_names(), ", ")))
                     ->type_name("NAME");
  command
      .add_option("--ort", options->runtime,
                  "with --target ort-cuda: the version of ONNX Runtime, 1.24 or 1.24.1 (default: the newest one known; later ones are "
                  "taken for it)")
      ->type_name("VERSION")
      ->needs(target);
  add_load_options(command);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen,
      [options] {
        return CommandPaths{{options->file}, {}, {}, {}};
      },
      [options](Terminal&) {
        if (!options->target.empty()) {
          const auto found = inspect_for_target(options->file, options->target, options->runtime);
          print_result(options->json ? json_text_of(found) : text_of(found));
          return 0;
        }
        const auto found = inspect(options->file);
        print_result(options->json ? json_text_of(found) : text_of(found));
        if (const auto* checkpoint = std::get_if<CheckpointSummary>(&found); checkpoint != nullptr && checkpoint->refusal)
          throw *checkpoint->refusal;
        return 0;
      });
}

/// "4" or "dynamic" (-1).
std::string read_batch(const std::string& text, std::int64_t& batch) {
  if (text == "dynamic") {
    batch = -1;
    return "";
  }
  const bool is_number = !text.empty() && text.size() < 6 && text.find_first_not_of("0123456789") == std::string::npos;
  batch = is_number ? std::stoll(text) : 0;
  return batch > 0 ? "" : fmt::format("'{}' is neither a number above 0 nor 'dynamic'", text);
}

void add_export(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ExportOptions>();
  auto& command = add_command(app, "export", "The float baseline as ONNX, BatchNorm folded",
                              "  nibble export yolov10n.pt -o yolov10n.onnx\n"
                              "  nibble export yolov10n.pt -o yolov10n-half.onnx --head one2one --half --batch dynamic\n");
  command.add_option("CKPT", options->checkpoint, "a checkpoint of a YOLO detector, as Ultralytics writes it")
      ->required()
      ->type_name("FILE");
  command.add_option("-o,--output", options->output, "the ONNX file to write")->required()->type_name("FILE");
  add_head_options(command, options->head, options->image_size);
  command.add_flag("--half", options->half, "FP16 weights and compute; input and output stay FP32");
  command.add_flag("--half-io", options->half_io, "with --half: FP16 input and output too; boxes are then exact to 0.5 px above 512");
  command.add_option("--opset", options->opset, "ONNX opset, 13 to 21; 0: 13")->type_name("N")->capture_default_str();
  command.add_option("--batch", "images per run: a number or 'dynamic'")
      ->type_name("N|dynamic")
      ->default_str("1")
      ->check([options](const std::string& text) { return read_batch(text, options->batch); });
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal&) {
        print_result(text_of(export_baseline(*options)));
        return 0;
      });
}

void add_quantize(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<QuantizeOptions>();
  auto& command =
      add_command(app, "quantize", "Post-training quantisation: the files of one recipe",
                  "  nibble quantize yolov10n.pt -o out --recipe w4a16 --calib train2017\n"
                  "  nibble quantize yolov10n.pt -o out --recipe my-recipe.yaml --calib images.txt --calib-images 64 --dialect int4\n"
                  "  nibble quantize yolov10n.pt -o out --recipe w4a16 --calib train2017 --max-size 1.5MB\n"
                  "      the most accurate file of that size: w4a16-mixed, 8 bits where they help most\n"
                  "  nibble quantize yolov10n.pt -o out --recipe w4a16 --calib train2017 --max-drop 1 --judge data.yaml\n"
                  "      the smallest file within a point of the float model's mAP (of classifiers: top-1)\n"
                  "  torchrun --no-python --nproc-per-node 4 nibble quantize ...\n"
                  "      four processes share gradients, damages and scores; the files are those of one; tasks of srun, too\n");
  command.add_option("CKPT", options->checkpoint, "a checkpoint of a YOLO detector, as Ultralytics writes it")
      ->required()
      ->type_name("FILE");
  command.add_option("-o,--output", options->output_dir, "folder to write to")->required()->type_name("DIR");
  command.add_option("--recipe", options->recipe, "w8a16, w8a8, w4a16, w4a8, another shipped name, or a .yaml file")
      ->required()
      ->type_name("NAME|FILE");
  command
      .add_option("--calib", options->calibration, "calibration images: a folder, a list of paths, a data.yaml (default: 64 embedded ones)")
      ->type_name("DIR|LIST");
  add_preset_option(command, options->preset);
  add_target_option(command, options->target);
  command.add_option("--calib-images", options->calibration_images, "at most so many of them (default: the recipe's)")
      ->type_name("N")
      ->check(count_range());
  add_bad_data_option(command, options->on_bad_data, "skip up to a tenth");
  add_budget_options(command, options->budget);
  add_judge_options(command, options->judge);
  add_head_options(command, options->head, options->image_size);
  command
      .add_option(
          "--dialect", options->dialect,
          "qcdq (Brevitas), int4 (packed), unpack (packed, float speed in ONNX Runtime; float activations), integer (8-bit activations: "
          "integer kernels on CPUs), both (qcdq, int4), all; default: what --target takes, else both, of a trellis unpack")
      ->type_name("NAME");
  command.add_option("--opset", options->opset, "ONNX opset of QCDQ files, 13 to 21; 0: 13. unpack needs 18, the other dialects 21")
      ->type_name("N")
      ->capture_default_str();
  command.add_flag("--resume", options->resume, "with --preset best: go on with the training that was interrupted");
  add_runtime_options(command, options->runtime);
  add_image_limit_option(command);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal& terminal) {
        print_result(text_of(quantize(*options, terminal)));
        return 0;
      });
}

void add_clean(CLI::App& app, Action& chosen) {
  struct Options {
    CleanOptions clean;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  auto& clean_options = options->clean;
  auto& command =
      add_command(app, "clean",
                  "Clean up any ONNX file: no dead weight, the same numbers. Quantisers are never folded away, and the outputs of both\n"
                  "files are compared bit for bit before anything is written",
                  "  nibble clean model.onnx -o model-clean.onnx\n"
                  "  nibble clean exported.onnx -o small.onnx --own-initialisers --strip\n");
  command.add_option("MODEL", clean_options.input, "an ONNX file, of nibble or not")->required()->type_name("FILE");
  command.add_option("-o,--output", clean_options.output, "the ONNX file to write")->required()->type_name("FILE");
  command.add_flag("--own-initialisers", clean_options.own_initialisers,
                   "weights that are also listed as inputs, as older exporters do, become plain constants");
  command.add_flag("--narrow-constants", clean_options.narrow_constants,
                   "store large constants that fit exactly (anchors) as bytes or float16, with a Cast behind");
  command.add_flag("--strip", clean_options.strip, "drop doc strings and the shapes of inner values");
  command.add_flag("--json", options->json, "the result as JSON");
  add_runtime_options(command, clean_options.runtime);
  add_load_options(command);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(options->clean); },
      [options](Terminal&) {
        const auto result = clean(options->clean);
        print_result(options->json ? json_text_of(result) : text_of(result));
        return 0;
      });
}

}  // namespace

void add_model_commands(CLI::App& app, Action& chosen) {
  add_inspect(app, chosen);
  add_export(app, chosen);
  add_quantize(app, chosen);
  add_clean(app, chosen);
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "cli/budget_options.h"
#include "cli/commands.h"
#include "text/result_text.h"

namespace nibble {
namespace {

constexpr int kGateFailed = 1;

int gates_verdict(const RunResult& result) {
  const auto failed = result.report.failed_gates(), undecided = result.report.undecided_gates();
  const auto all = result.report.gates.size();
  const auto place = (result.directory / "summary.md").string();
  if (failed > 0)
    say(fmt::format("nibble: {} of {} gates failed; see {}\n", failed, all, place));
  else if (undecided > 0)
    say(fmt::format("nibble: no gate failed, {} of {} have not enough evidence{}; see {}\n", undecided, all,
                    result.strict_gates ? " (--strict-gates)" : "", place));
  return result.accepted() ? 0 : kGateFailed;
}

void add_training_options(CLI::App& command, RunOptions& options) {
  auto* qat =
      command.add_option("--qat", options.qat, "which of the recipes are also trained, after their calibration (quantisation-aware)")
          ->delimiter(',')
          ->type_name("NAMES");
  command
      .add_option("--qat-data", options.qat_data,
                  "training images: a folder, a list of paths, a data.yaml, a COCO file; labels only judge (default: those of --calib)")
      ->type_name("DIR|FILE")
      ->needs(qat);
  command.add_option("--qat-images", options.qat_images, "folder the COCO file's names are relative to")->type_name("DIR")->needs(qat);
  auto* steps = command.add_option("--qat-steps", options.qat_course.steps, "steps of 4 images; other settings: nibble qat")
                    ->type_name("N")
                    ->check(count_range())
                    ->capture_default_str()
                    ->needs(qat);
  command.add_option("--qat-epochs", options.qat_course.epochs, "times every training image is seen, instead")
      ->type_name("N")
      ->check(count_range())
      ->excludes(steps)
      ->needs(qat);
}

void add_run_options(CLI::App& command, RunOptions& options) {
  command
      .add_option("CKPT", options.checkpoint,
                  "a checkpoint of a YOLO detector, as Ultralytics writes it; without it, the embedded yolov10n")
      ->type_name("FILE");
  command.add_option("--recipes", options.recipes, "shipped names or files, separated by commas or spaces")
      ->delimiter(',')
      ->type_name("NAMES")
      ->capture_default_str();
  command.add_option("--calib", options.calibration, "calibration images: a folder, a list of paths, a data.yaml")->type_name("DIR|LIST");
  add_preset_option(command, options.preset);
  add_target_option(command, options.target);
  command.add_option("--calib-images", options.calibration_images, "at most so many of them (default: the recipe's)")
      ->type_name("N")
      ->check(count_range());
  add_budget_options(command, options.budget);
  add_training_options(command, options);
  add_data_options(command, options.data, true, "100");
  add_bad_data_option(command, options.data.on_bad_data, "stop for scored images, skip up to a tenth of the others");
  add_head_options(command, options.head, options.image_size);
  command
      .add_option("--runs-dir", options.runs_dir,
                  "where run directories go (default: tmp/<model>_<recipes>; of w4a16,w4a8: tmp/<model>_brevitas_w4a8_w4a16)")
      ->type_name("DIR");
  command.add_option("--run-id", options.run_id, "name of the run directory (default: the time, UTC)")->type_name("NAME");
  command
      .add_option("--gates", options.gates,
                  "limits other than the recipes': YAML with max_map_drop, min_map, max_skipped_layers, "
                  "layers_rounded_with_less, bad_data, gates")
      ->type_name("FILE");
  command.add_flag("--strict-gates", options.strict_gates, "exit code 1 also where a gate has not enough evidence");
  command.add_option("--junit", options.junit, "write the gates as JUnit XML here, for CI systems")->type_name("FILE");
  add_resamples_option(command, options.resamples);
  command.add_flag("--resume", options.resume, "continue the run --run-id: what it finished is kept when its hash is right");
  command.add_flag("--smoke", options.smoke,
                   "random input through every file, nothing is scored; the recipes still calibrate (--calib-images 2 is quick)");
  command.add_flag("--reference", options.reference, "score with ONNX Runtime's graph optimisations off as well");
  add_runtime_options(command, options.runtime);
  add_session_options(command, options.runtime);
}

/// "--recipes w4a16 best.pt": the option takes all that stands behind it, and so the checkpoint.
void give_back_checkpoint(RunOptions& options) {
  for (auto* names : {&options.recipes, &options.qat}) {
    if (!options.checkpoint.empty() || names->size() < 2 || !names->back().ends_with(".pt")) continue;
    options.checkpoint = names->back();
    names->pop_back();
  }
}

void add_run(CLI::App& app, Action& chosen, const std::vector<std::string>& argv) {
  auto options = std::make_shared<RunOptions>();
  options->command = argv;
  auto& command =
      add_command(app, "run", "The main job: float baseline, quantised files, COCO scores, summary and gates in one directory",
                  "  nibble run\n"
                  "      the embedded yolov10n, calibrated on 64 and scored on 32 COCO images, recipes w4a16 and w4a8\n"
                  "  nibble run yolov10m.pt --images val2017 --annotations instances_val2017.json --calib train2017 --max-images 500\n"
                  "  nibble run yolov10m.pt --recipes w8a16,w4a16 --run-id first --resume\n"
                  "  nibble run yolov10m.pt --calib train2017 --qat w4a8 --qat-data train2017 --qat-epochs 1\n"
                  "      w4a8 is also trained: float, calibrated and trained files side by side\n"
                  "  nibble run yolov10m.pt --calib train2017 --recipes w4a16,w4a8 --max-size 9MB\n"
                  "      the most accurate files of that size; with --max-drop, calibration images judge, without labels\n"
                  "  torchrun --no-python --nproc-per-node 4 nibble run ...\n"
                  "      four processes share the images that are scored and calibrated on; one that died is named, --resume goes on\n");
  add_run_options(command, *options);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen,
      [options] {
        give_back_checkpoint(*options);
        return paths_of(*options);
      },
      [options](Terminal& terminal) {
        const auto result = run(*options, terminal);
        if (result.directory.empty()) return 0;  // of several processes the first one speaks
        print_result(text_of(result));
        return gates_verdict(result);
      });
}

void add_doctor(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<CalibrationCheckOptions>();
  auto& command =
      add_command(app, "doctor", "What this machine has and what is missing; with --calib, whether images are fit for calibration",
                  "  nibble doctor\n  nibble doctor --provider cuda\n"
                  "  nibble doctor --calib coco/train2017 --images coco/val2017\n"
                  "      copies, copies of scored images, unreadable ones, and how many images are enough\n");
  auto* calib =
      command.add_option("--calib", options->calibration, "calibration images to look at: a folder, a list of paths, a data.yaml")
          ->type_name("DIR|LIST");
  command.add_option("--calib-images", options->calibration_images, "at most so many of them (default: 100)")
      ->type_name("N")
      ->check(count_range())
      ->needs(calib);
  command.add_option("--images", options->images, "images that will be scored: none of them should be among the others")
      ->type_name("DIR|LIST")
      ->needs(calib);
  command
      .add_option("--model", options->model, "float ONNX file or checkpoint to measure statistics with (default: the embedded yolov10n)")
      ->type_name("FILE")
      ->needs(calib);
  add_image_size_option(command, options->image_size).needs(calib);
  add_bad_data_option(command, options->on_bad_data, "skip, they are part of the answer").needs(calib);
  add_runtime_options(command, options->runtime);
  add_image_limit_option(command);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal& terminal) {
        if (!options->calibration.empty()) {
          print_result(text_of(check_calibration(*options, terminal)));
          return 0;
        }
        const auto diagnosis = doctor(options->runtime.provider);
        print_result(text_of(diagnosis));
        return diagnosis.complete ? 0 : static_cast<int>(ErrorKind::environment);
      });
}

}  // namespace

void add_run_commands(CLI::App& app, Action& chosen, const std::vector<std::string>& argv) {
  add_run(app, chosen, argv);
  add_doctor(app, chosen);
}

}  // namespace nibble

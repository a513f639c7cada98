// SPDX-License-Identifier: Apache-2.0
#include "cli/budget_options.h"
#include "cli/commands.h"
#include "text/result_text.h"

namespace nibble {
namespace {

void add_images(CLI::App& command, QatOptions& options) {
  command
      .add_option(
          "--data", options.data,
          "training images: a folder or list (no labels), a data.yaml or a COCO instances_*.json (labels); default: those of --calib, "
          "else 64 embedded ones")
      ->type_name("DIR|FILE");
  command.add_option("--images", options.images, "folder the COCO file's names are relative to")->type_name("DIR");
  command
      .add_option("--held-out", options.course.held_out,
                  "images neither trained nor calibrated on; the weights that are best on them are kept (default: a quarter, at most 100)")
      ->type_name("N")
      ->check(count_range());
  command.add_option("--calib", options.calibration, "calibration images of the start (default: training images)")->type_name("DIR|LIST");
  command.add_option("--calib-images", options.calibration_images, "at most so many of them (default: the recipe's)")
      ->type_name("N")
      ->check(count_range());
}

void add_course(CLI::App& command, QatCourse& course) {
  auto* steps = command.add_option("--steps", course.steps, "updates of the weights; about six times the state so far is scored")
                    ->type_name("N")
                    ->check(count_range())
                    ->capture_default_str();
  command.add_option("--epochs", course.epochs, "times every training image is seen, instead")
      ->type_name("N")
      ->check(count_range())
      ->excludes(steps);
  command
      .add_option("--batch", course.batch,
                  "images per step, of all processes together; on the CPU at most 4 at once go through the network, so more need time but "
                  "no memory")
      ->type_name("N")
      ->check(count_range())
      ->capture_default_str();
  command.add_option("--rate", course.rate, "learning rates, as a multiple of the defaults")
      ->type_name("X")
      ->check(CLI::Range(1e-6, 1e6))
      ->capture_default_str();
  command
      .add_option("--imitation", course.imitation_weight,
                  "weight of following the float network's head: scores and boxes, masks, keypoints or angles; 0: labels alone")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command
      .add_option(
          "--labels", course.label_weight,
          "weight of the detection loss on the labels; 0: no labels needed; refused for other tasks than detection, which only imitate")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command
      .add_option("--augment", course.augment, "mosaic, scale, shift and colours: 0 none, 1 as Ultralytics; images are flipped either way")
      ->type_name("X")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command.add_option("--patience", course.patience, "stop after so many scores without a better one; 0: never")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

void add_qat(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<QatOptions>();
  auto& command =
      add_command(app, "qat", "Quantisation-aware training from the calibrated state; never ends below it",
                  "  nibble qat yolov10n.pt -o out --recipe w4a8 --data train2017 --epochs 5\n"
                  "  nibble qat yolov10n.pt -o out --recipe w4a8 --data instances_train2017.json --images train2017 --labels 0.2\n"
                  "  nibble qat ... --resume                     after Ctrl-C, a crash or a full disk\n"
                  "  Two processes, as torchrun would start them, each with half of every batch; -o is a folder both see:\n"
                  "    export WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29500\n"
                  "    for rank in 0 1; do RANK=$rank nibble qat ... --threads 4 & done; wait\n"
                  "  nibble qat ... --provider cuda              on a GPU; processes of torchrun on one each\n"
                  "  tensorboard --logdir out/events             losses, learning rates and scores\n");
  command.add_option("CKPT", options->checkpoint, "a checkpoint of a YOLO detector, as Ultralytics writes it")
      ->required()
      ->type_name("FILE");
  command.add_option("-o,--output", options->output_dir, "folder to write to")->required()->type_name("DIR");
  command.add_option("--recipe", options->recipe, "w8a16, w8a8, w4a16, w4a8, another shipped name, or a .yaml file")
      ->required()
      ->type_name("NAME|FILE");
  add_preset_option(command, options->preset);
  add_target_option(command, options->target);
  add_images(command, *options);
  add_bad_data_option(command, options->on_bad_data, "skip up to a tenth");
  add_budget_options(command, options->budget);
  add_judge_options(command, options->judge);
  add_course(command, options->course);
  command.add_flag("--resume", options->resume, "go on from DIR's snapshot: with the same options, the result is the same as in one piece");
  add_head_options(command, options->head, options->image_size);
  command
      .add_option("--dialect", options->dialect,
                  "qcdq (Brevitas), int4 (packed), unpack, integer, both (qcdq, int4), all; default: what --target takes, else both, of a "
                  "trellis unpack")
      ->type_name("NAME");
  add_runtime_options(command, options->runtime);
  add_image_limit_option(command);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal& terminal) {
        print_result(text_of(train(*options, terminal)));
        return 0;
      });
}

}  // namespace

void add_train_commands(CLI::App& app, Action& chosen) { add_qat(app, chosen); }

}  // namespace nibble

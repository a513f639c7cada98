// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "text/result_text.h"

namespace nibble {
namespace {

constexpr int kDoesNotHold = 1;

void add_verify(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<VerifyOptions>();
  auto& command = add_command(app, "verify", "Check a run directory: hashes, scores from the saved detections, twins, gates, summary",
                              "  nibble verify tmp/yolov10n_brevitas_w4a8_w4a16/2026-01-31_12-00-00\n"
                              "  nibble verify runs/first --score --images val2017\n"
                              "      also runs every scored file on the images again\n"
                              "Exit code 1: a claim does not hold; 3: the folder cannot be read or holds what a run never writes.\n");
  command.add_option("RUN_DIR", options->run_dir, "the folder that has run.json")->required()->type_name("DIR");
  command.add_flag("--score", options->score, "run every scored file on the images again");
  command.add_option("--images", options->images, "the folder of images (default: where the run had them)")->type_name("DIR");
  command.add_option("--annotations", options->annotations, "the run's annotations (default: where the run had them)")->type_name("FILE");
  command.add_option("--json", options->json, "write every check here")->type_name("FILE");
  command.add_option("--threads", options->runtime.threads, "threads for --score; 0: as many as the run had")
      ->check(CLI::Range(0, 256))
      ->type_name("N")
      ->capture_default_str();
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal& terminal) {
        const auto result = verify(*options, terminal);
        print_result(text_of(result));
        return result.holds() ? 0 : kDoesNotHold;
      });
}

void add_replay(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ReplayOptions>();
  auto& command = add_command(app, "replay", "Make a run again from its manifest and compare the files",
                              "  nibble replay runs/first -o runs/again\n"
                              "  nibble replay runs/first -o runs/again --model yolov10m.pt --calib train2017 --images val2017\n"
                              "      inputs are known by their hashes; the options say where they lie here\n"
                              "Exit code 1: a file or a score is another one; the reasons that are known are named.\n");
  command.add_option("RUN_DIR", options->run_dir, "the folder that has run.json")->required()->type_name("DIR");
  command.add_option("-o,--output", options->output, "the run directory to make")->required()->type_name("DIR");
  command.add_option("--model", options->model, "the checkpoint, or the folder it is in")->type_name("FILE|DIR");
  command.add_option("--images", options->images, "the folder of the scored images")->type_name("DIR");
  command.add_option("--annotations", options->annotations, "their annotations")->type_name("FILE");
  command.add_option("--calib", options->calibration, "the folder of the calibration images")->type_name("DIR");
  command.add_option("--qat-data", options->qat_data, "the training images")->type_name("DIR|FILE");
  command.add_option("--qat-images", options->qat_images, "folder that file names of a COCO file are relative to")->type_name("DIR");
  command.add_flag("--allow-other-inputs", options->allow_other_inputs, "go on with inputs of other content, and name them");
  command.add_option("--threads", options->threads, "0: as many as the run had")
      ->check(CLI::Range(0, 256))
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--provider", options->provider, "cpu or cuda (default: the run's)")->type_name("NAME");
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal& terminal) {
        const auto result = replay(*options, terminal);
        print_result(text_of(result));
        return result.same() ? 0 : kDoesNotHold;
      });
}

}  // namespace

void add_proof_commands(CLI::App& app, Action& chosen) {
  add_verify(app, chosen);
  add_replay(app, chosen);
}

}  // namespace nibble

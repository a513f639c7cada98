// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "text/result_text.h"

namespace nibble {
namespace {

void add_eval(CLI::App& app, Action& chosen) {
  struct Options {
    EvalOptions eval;
    bool no_optimize = false;
  };
  auto options = std::make_shared<Options>();
  auto& eval = options->eval;
  auto& command = add_command(app, "eval", "COCO numbers of a YOLO-style ONNX file, ours or not; top-1 and top-5 of a classifier",
                              "  nibble eval yolov10n.onnx\n"
                              "      on the 32 embedded images\n"
                              "  nibble eval yolov10n.onnx --images val2017 --annotations instances_val2017.json --json metrics.json\n"
                              "  nibble eval yolo11n-cls.onnx --images imagenet/val\n"
                              "      a classifier, on a folder with a folder of images for each class\n"
                              "  torchrun --no-python --nproc-per-node 4 nibble eval ...\n"
                              "      four processes share the images, as in quantize and run; tasks of srun, too\n");
  command
      .add_option("MODEL", eval.model,
                  "an ONNX classifier, or detector with output [B,N,6], [B,4+classes,A], [B,64+classes,A] or [B,A,5+classes]")
      ->required()
      ->type_name("FILE");
  add_data_options(command, eval.data, true);
  add_detector_file_options(command, eval.file);
  add_bad_data_option(command, eval.data.on_bad_data, "stop");
  command.add_option("--conf", eval.detect.confidence, "score threshold")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("X")
      ->capture_default_str();
  command.add_option("--iou", eval.detect.iou, "overlap above it suppresses")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("X")
      ->capture_default_str();
  command.add_option("--max-det", eval.detect.max_detections, "detections per image")
      ->check(count_range())
      ->type_name("N")
      ->capture_default_str();
  command.add_option("--json", eval.json, "write metrics.json here")->type_name("FILE");
  command
      .add_option("--save-detections", eval.save_detections,
                  "write what is found here (pycocotools result format; masks, keypoints, rbox or classes by the task)")
      ->type_name("FILE");
  add_baseline_option(command, eval.baseline_detections);
  add_resamples_option(command, eval.resamples);
  command.add_flag("--no-optimize", options->no_optimize, "ONNX Runtime's graph optimisations off: the reference numbers");
  command.add_flag("--skip-latency", eval.skip_latency, "do not measure times");
  add_runtime_options(command, eval.runtime);
  add_session_options(command, eval.runtime);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(options->eval); },
      [options](Terminal& terminal) {
        options->eval.optimize = !options->no_optimize;
        const auto result = evaluate(options->eval, terminal);
        if (!result.providers.empty()) print_result(text_of(result));  // of several processes the first one speaks
        return 0;
      });
}

void add_score(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ScoreOptions>();
  auto& command = add_command(app, "score", "COCO numbers of a detections file, equal to pycocotools'",
                              "  nibble score detections.json --annotations instances_val2017.json --json metrics.json\n");
  command.add_option("DETECTIONS", options->detections, "[{image_id, category_id, bbox, score}, ...]")->required()->type_name("FILE");
  command.add_option("--task", options->task, "what is scored: boxes, masks (segmentation), keypoints, or oriented boxes (rbox)")
      ->type_name("NAME")
      ->check(CLI::IsMember({"detect", "segment", "pose", "obb"}))
      ->capture_default_str();
  add_data_options(command, options->data, false);
  add_bad_data_option(command, options->data.on_bad_data, "stop");
  command
      .add_option(
          "--category-ids", options->category_ids,
          "how DETECTIONS counts classes: annotations (their ids), class (from 0), class+1 (Ultralytics), coco91; auto tells by the "
          "ids, then by the boxes, and says which")
      ->type_name("NAME")
      ->check(CLI::IsMember({"auto", "annotations", "class", "class+1", "coco91"}))
      ->capture_default_str();
  command.add_option("--json", options->json, "write the numbers here")->type_name("FILE");
  add_image_limit_option(command);
  add_baseline_option(command, options->baseline_detections);
  add_resamples_option(command, options->resamples);
  command.add_option("--seed", options->seed, "of the resamples")->type_name("N")->capture_default_str();
  command.add_option("--threads", options->threads, "threads to compute with; 0: the cores")
      ->check(CLI::Range(0, 256))
      ->type_name("N")
      ->capture_default_str();
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal&) {
        print_result(text_of(score(*options)));
        return 0;
      });
}

void add_profile(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ProfileOptions>();
  auto& command =
      add_command(app, "profile", "What ONNX Runtime makes of files: agreement of its optimisation levels, times, what ran where",
                  "  nibble profile yolov10n.onnx yolov10n-w4a8-integer-ptq.onnx\n"
                  "      times in turns, ratios against the first file; random input\n"
                  "  nibble profile a.onnx --images val2017 --threads 1 --json profile.json\n");
  command.add_option("MODEL", options->models, "ONNX detectors")->required()->type_name("FILE");
  command.add_option("--images", options->images, "a folder or a list: the first 4 are compared, the first is timed")
      ->type_name("DIR|LIST|random")
      ->default_str("random");
  command.add_option("--runs", options->runs, "timed runs of each file")->check(count_range())->type_name("N")->capture_default_str();
  add_detector_file_options(command, options->file);
  command.add_option("--json", options->json, "write everything, all nodes included, here")->type_name("FILE");
  add_runtime_options(command, options->runtime);
  add_session_options(command, options->runtime);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal& terminal) {
        print_result(text_of(profile(*options, terminal)));
        return 0;
      });
}

}  // namespace

void add_score_commands(CLI::App& app, Action& chosen) {
  add_eval(app, chosen);
  add_score(app, chosen);
  add_profile(app, chosen);
}

}  // namespace nibble

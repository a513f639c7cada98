// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "text/result_text.h"

namespace nibble {

void add_predict_command(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<PredictOptions>();
  auto& command =
      add_command(app, "predict", "Draw what an ONNX model sees (boxes, masks, keypoints, turned boxes, classes); two side by side",
                  "  nibble predict yolov10n.onnx --source photos -o seen\n"
                  "  nibble predict yolov10n-w4a8-qcdq-ptq-opt.onnx --against yolov10n.onnx --source bus.jpg -o seen\n"
                  "      the float model on the left, the quantised one on the right, with what changed marked\n"
                  "  nibble predict yolov10n.onnx --source frames.txt -o seen --conf 0.5 --save-txt --save-json\n"
                  "  nibble predict yolo11n-pose-w4a8-qcdq-ptq-opt.onnx --against yolo11n-pose.onnx --source people -o seen\n"
                  "      the same for segmentation, pose, oriented boxes and classification\n");
  command.add_option("MODEL", options->model, "an ONNX file of any task, as eval reads it")->required()->type_name("FILE");
  command.add_option("--source", options->source, "an image, a folder of images, or a text file with one path per line")
      ->required()
      ->type_name("FILE|DIR|LIST");
  command
      .add_option("-o,--output", options->output,
                  "folder for NAME.jpg, labels/NAME.txt and predictions.json; files of the same names are replaced")
      ->required()
      ->type_name("DIR");
  command
      .add_option("--against", options->baseline,
                  "another file of the same model: shown on the left, with what changed marked (lost, new, class changed, moved)")
      ->type_name("FILE");
  command.add_option("--conf", options->detect.confidence, "score threshold")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("X")
      ->capture_default_str();
  command.add_option("--iou", options->detect.iou, "overlap above it suppresses")
      ->check(CLI::Range(0.0, 1.0))
      ->type_name("X")
      ->capture_default_str();
  command.add_option("--max-det", options->detect.max_detections, "detections per image")
      ->check(count_range())
      ->type_name("N")
      ->capture_default_str();
  command.add_flag(
      "--save-txt", options->save_text,
      "write labels/NAME.txt in Ultralytics' format of the task, in shares of width and height: class and box, outline of the mask, "
      "box and keypoints, or four corners; of classifiers probability and name");
  command.add_flag("--save-conf", options->save_confidence, "the same with the confidence behind each object");
  command.add_flag(
      "--save-json", options->save_json,
      "write predictions.json: pycocotools' result format with segmentation, keypoints or rbox and poly, ids as Ultralytics writes them; "
      "of classifiers all probabilities");
  add_detector_file_options(command, options->file);
  add_bad_data_option(command, options->on_bad_data, "stop");
  add_runtime_options(command, options->runtime);
  add_session_options(command, options->runtime);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(*options); },
      [options](Terminal& terminal) {
        print_result(text_of(predict(*options, terminal)));
        return 0;
      });
}

}  // namespace nibble

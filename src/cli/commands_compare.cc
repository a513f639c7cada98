// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"
#include "nibble/compare.h"
#include "nibble/error.h"
#include "text/result_text.h"

namespace nibble {

void add_compare_command(CLI::App& app, Action& chosen) {
  struct Options {
    CompareOptions compare;
    bool no_parts = false;
    bool all_layers = false;
  };
  auto options = std::make_shared<Options>();
  auto& compare_options = options->compare;
  auto& command = add_command(
      app, "compare", "Where and how two files of one model differ: layers, what they see, and what would help",
      "  nibble compare yolov10n-baseline-fp32.onnx yolov10n-w4a8-qcdq-ptq-opt.onnx\n"
      "      on the 32 embedded images, with their annotations\n"
      "  nibble compare float.onnx w4a8.onnx --images photos\n"
      "      without annotations: what A sees is the measure\n"
      "  nibble compare float.onnx w4a8.onnx --images val2017 --annotations instances_val2017.json --max-images 500 --json why.json\n"
      "  nibble compare seg.onnx seg-w4a8.onnx --images photos\n"
      "      other tasks in their terms: overlap of masks, distance of keypoints, angles, share of images with the same class\n");
  command.add_option("A", compare_options.a, "the measure, usually the float file")->required()->type_name("A.onnx");
  command.add_option("B", compare_options.b, "what is judged by it, usually the quantised file")->required()->type_name("B.onnx");
  add_data_options(command, compare_options.data, true, "100");
  add_bad_data_option(command, compare_options.data.on_bad_data, "stop");
  add_detector_file_options(command, compare_options.file);
  command.add_option("--conf", compare_options.confidence, "score from which on a detection counts as an object")
      ->check(CLI::Range(0.01, 1.0))
      ->type_name("X")
      ->capture_default_str();
  command.add_option("--layer-images", compare_options.tensor_images, "images for the comparison of layers; 0: detections only")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1000}))
      ->type_name("N")
      ->capture_default_str();
  add_resamples_option(command, compare_options.resamples);
  command.add_flag("--no-parts", options->no_parts, "do not try the parts of B unquantised (one pass over the layer images for each part)");
  command.add_flag("--all-layers", options->all_layers, "show every layer, not only the largest drops");
  command.add_option("--json", compare_options.json, "write all of it here")->type_name("FILE");
  add_runtime_options(command, compare_options.runtime);
  add_session_options(command, compare_options.runtime);
  on_command(
      command, std::make_shared<OutputOptions>(), chosen, [options] { return paths_of(options->compare); },
      [options](Terminal& terminal) {
        if (options->all_layers && options->compare.tensor_images == 0)
          throw Error(ErrorKind::usage, "compare: --all-layers: no layer is compared with --layer-images 0; leave one of them out");
        options->compare.parts = !options->no_parts;
        print_result(text_of(compare(options->compare, terminal), options->all_layers));
        return 0;
      });
}

}  // namespace nibble

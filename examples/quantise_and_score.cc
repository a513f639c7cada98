// SPDX-License-Identifier: Apache-2.0
// quantise_and_score MODEL.pt OUTPUT_DIR [RECIPE [CALIBRATION_IMAGES [SCORED_IMAGES]]]: 4-bit files of a YOLO checkpoint, and what each of
// them scores on the images that come with nibble.
#include <nibble/nibble.h>

#include <cstdio>
#include <cstdlib>

namespace {

/// Prints the title of each stage.
class Titles : public nibble::Progress {
  void begin(const std::string& title, std::int64_t) override { std::fprintf(stderr, "%s ...\n", title.c_str()); }
};

void print_score(const std::filesystem::path& model, std::int64_t images, nibble::Progress& progress) {
  nibble::EvalOptions options;
  options.model = model;
  options.data.max_images = images;
  options.skip_latency = true;
  const nibble::EvalResult result = nibble::evaluate(options, progress);
  std::printf("%s: mAP 50-95 %.4f on %lld images\n", model.filename().c_str(), result.metrics.map_50_95,
              static_cast<long long>(result.metrics.num_images));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: quantise_and_score MODEL.pt OUTPUT_DIR [RECIPE [CALIBRATION_IMAGES [SCORED_IMAGES]]]\n");
    return 2;
  }
  try {
    Titles titles;
    nibble::QuantizeOptions options;
    options.checkpoint = argv[1];
    options.output_dir = argv[2];
    options.recipe = argc > 3 ? argv[3] : "w4a16";
    if (argc > 4) options.calibration_images = std::atoi(argv[4]);
    const nibble::QuantizeResult result = nibble::quantize(options, titles);
    std::printf("recipe %s: %lld layers quantised\n", result.recipe.name.c_str(), static_cast<long long>(result.recipe.quantized_layers));
    for (const nibble::TwinReport& twin : result.twins)
      std::printf("%s and %s: %s\n", twin.artifact.c_str(), twin.reference.c_str(),
                  twin.difference.empty() ? "the same integers" : twin.difference.c_str());
    for (const nibble::ArtifactReport& file : result.files) print_score(file.path, argc > 5 ? std::atoi(argv[5]) : 32, titles);
  } catch (const nibble::Error& error) {
    std::fprintf(stderr, "quantise_and_score: %s\n", error.what());
    return error.exit_code();
  }
}

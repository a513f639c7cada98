// SPDX-License-Identifier: Apache-2.0
// detect MODEL.onnx IMAGE...: the objects on images, a line each.
#include <nibble/detect.h>
#include <nibble/error.h>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: detect MODEL.onnx IMAGE...\n");
    return 2;
  }
  try {
    nibble::ImageDetectorOptions options;
    options.model = argv[1];
    const nibble::ImageDetector detector(options);
    for (int i = 2; i < argc; ++i) {
      std::printf("%s\n", argv[i]);
      for (const nibble::DetectedObject& object : detector.detect(argv[i]))
        std::printf("  %-16s %.3f  left %.0f top %.0f width %.0f height %.0f px\n", object.class_name.c_str(), object.score, object.left_px,
                    object.top_px, object.width_px, object.height_px);
    }
  } catch (const nibble::Error& error) {
    std::fprintf(stderr, "detect: %s\n", error.what());
    return error.exit_code();
  }
}

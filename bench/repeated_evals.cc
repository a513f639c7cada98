// SPDX-License-Identifier: Apache-2.0
// repeated_evals MODEL.onnx TIMES [IMAGES]: scores a file on the embedded images again and again in one process, opens an ImageDetector as
// often, and prints what the process holds after each tenth: a line "evals resident_kB descriptors threads". A leak shows as growth.
#include <nibble/nibble.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {
namespace fs = std::filesystem;

/// In kB; 0 where /proc is not mounted.
long resident_kilobytes() {
  std::ifstream statm("/proc/self/statm");
  long total_pages = 0, resident_pages = 0;
  statm >> total_pages >> resident_pages;
  return resident_pages * (::sysconf(_SC_PAGESIZE) / 1024);
}

long entries_of(const char* folder) {
  std::error_code error;
  return std::distance(fs::directory_iterator(folder, error), fs::directory_iterator());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: repeated_evals MODEL.onnx TIMES [IMAGES]\n");
    return 2;
  }
  try {
    nibble::Progress silence;
    nibble::EvalOptions options;
    options.model = argv[1];
    options.data.max_images = argc > 3 ? std::atoi(argv[3]) : 1;
    options.skip_latency = true;
    const int times = std::atoi(argv[2]);
    std::printf("evals resident_kB descriptors threads\n");
    for (int i = 1; i <= times; ++i) {
      nibble::evaluate(options, silence);
      nibble::ImageDetectorOptions detector;
      detector.model = argv[1];
      const nibble::ImageDetector opened(detector);
      if (i % (times < 10 ? 1 : times / 10) == 0)
        std::printf("%d %ld %ld %ld\n", i, resident_kilobytes(), entries_of("/proc/self/fd"), entries_of("/proc/self/task"));
      std::fflush(stdout);
    }
  } catch (const nibble::Error& error) {
    std::fprintf(stderr, "repeated_evals: %s\n", error.what());
    return error.exit_code();
  }
}

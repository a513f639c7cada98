// SPDX-License-Identifier: Apache-2.0
// How much a file may cost before it is refused. The limits change no result: a file is either processed as ever or an Error(input).
#pragma once
#include <cstdint>

#include "nibble/visibility.h"

namespace nibble {

struct Limits {
  /// An ONNX file that this process did not write is first loaded, and run once on random input, in a child process (a fork), so that a
  /// file that crashes ONNX Runtime, hangs it or makes it allocate without bound ends as an Error(input). This is how many seconds the
  /// child may take, 0 to 86400; 0: there is no child, the file is trusted.
  double load_seconds = 60;
  /// What the child may allocate beyond what the process holds, in bytes. Eight times the bytes of the model file, 64 times those of its
  /// inputs and 128 MiB per thread are added, so that large models and large batches need no other limit.
  std::int64_t load_memory_bytes = std::int64_t{4} << 30;
  /// An image whose header says more pixels than this (width times height) is refused before it is decoded. 1 to 2^30.
  std::int64_t image_pixels = 200'000'000;
};

/// Holds for the whole process from then on. Error(usage) naming the number that is out of its range.
NIBBLE_EXPORT void set_limits(const Limits& limits);

}  // namespace nibble

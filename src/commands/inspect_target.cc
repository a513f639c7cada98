// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "export/cuda_kernels.h"
#include "export/onnx_file.h"
#include "nibble/error.h"
#include "nibble/target.h"
#include "quant/target.h"

namespace nibble {

std::vector<std::string> target_names() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.emplace_back(target.name);
  return names;
}

TargetInspection inspect_for_target(const std::filesystem::path& file, const std::string& target, const std::string& version) {
  if (target != "ort-cuda")
    throw Error(ErrorKind::usage, fmt::format("inspect: target '{}': no table of it is here; ort-cuda is the one there is", target));
  const auto runtime = version.empty() ? kLastRead : parse_runtime_version(version);
  return {.file = file,
          .target = target,
          .version = version.empty() ? fmt::format("{}.{}.{}", kLastRead.major, kLastRead.minor, kLastRead.patch) : version,
          .source = "read in the kernel registrations of ONNX Runtime 1.20 to 1.31; nothing was run",
          .without_kernel = missing_cuda_kernels(read_onnx(file), runtime)};
}

}  // namespace nibble

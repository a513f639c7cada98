// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands/target_refusals.h"
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
  const Target& consumer = find_target(target);
  const bool has_kernels = consumer.name == "ort-cuda";
  if (!version.empty() && !has_kernels)
    throw Error(ErrorKind::usage, fmt::format("inspect: --ort {}: only for the target ort-cuda; leave it away", version));
  const auto runtime = version.empty() ? kLastRead : parse_runtime_version(version);
  const auto model = read_onnx(file);
  TargetInspection found{.file = file,
                         .target = target,
                         .consumer = std::string(consumer.consumer),
                         .version = version,
                         .source = std::string(consumer.basis),
                         .refused = refusals_of(census_of(model), consumer),
                         .without_kernel = {}};
  if (!has_kernels) return found;
  if (version.empty()) found.version = text_of(kLastRead);
  if (kLastRead < runtime) found.source += fmt::format("; {} is none of them: the kernels of {} are assumed", version, text_of(kLastRead));
  found.without_kernel = missing_cuda_kernels(model, runtime);
  return found;
}

}  // namespace nibble

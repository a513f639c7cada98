// SPDX-License-Identifier: Apache-2.0
#include "artifacts/source_model.h"

#include <fmt/format.h>

#include "ckpt/checkpoint.h"
#include "nibble/error.h"

namespace nibble {

std::string model_name_of(const std::filesystem::path& checkpoint) { return checkpoint.stem().string(); }

Detector read_baseline(const std::filesystem::path& checkpoint, const BuildOptions& options) {
  return build_baseline(read_checkpoint(checkpoint), options);
}

ModelInfo read_model_info(const std::filesystem::path& checkpoint) { return summarize_model(read_checkpoint(checkpoint)).info; }

void require_label_loss(const ModelInfo& info, const std::string& what) {
  if (info.task == Task::detect) return;
  throw Error(ErrorKind::unsupported,
              fmt::format("{}: --labels: {}: a model of the task '{}', and the loss on labels is there for detectors alone; leave --labels "
                          "out, and it learns to imitate the float network",
                          what, info.source_file, name_of(info.task)));
}

Metadata quantized_metadata(const ModelInfo& info, const std::string& precision, const std::string& recipe, const std::string& dialect,
                            int weight_bits, int activation_bits, bool is_trained) {
  Metadata metadata = baseline_metadata(info, precision);
  metadata["nibble.recipe"] = recipe;
  metadata["nibble.method"] = is_trained ? "qat" : "ptq";
  metadata["nibble.dialect"] = dialect;
  metadata["nibble.weight_bits"] = std::to_string(weight_bits);
  metadata["nibble.activation_bits"] = activation_bits == 0 ? "float" : std::to_string(activation_bits);
  return metadata;
}

}  // namespace nibble

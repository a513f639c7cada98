// SPDX-License-Identifier: Apache-2.0
// Makes a file with some convolutions of another one, to measure what would be gained if these layers were not quantised.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace nibble {

/// A convolution that is to be replaced by another one.
struct LayerReplacement {
  std::string into;                   ///< its name in the file that is changed
  std::string from;                   ///< its name in the file the weights come from
  bool keep_input_quantiser = false;  ///< whether its input stays quantised
};

/// Two files of one network, read once.
class LayerReplacer {
 public:
  /// Errors as read_onnx. Error(unsupported) when `stock` computes in FP16.
  LayerReplacer(const std::filesystem::path& stock, const std::filesystem::path& donor);

  /// `stock` with the donor's weights (dequantised where they are codes) and biases in the with_replaced convolutions, whose inputs are
  /// read in front of their quantisers unless these are kept; `outputs` are its outputs. Error(input) naming a convolution that is not
  /// there or whose shape differs.
  std::string with_replaced(const std::vector<LayerReplacement>& replacements, const std::vector<std::string>& outputs) const;

 private:
  struct Files;
  std::shared_ptr<const Files> files_;
};

}  // namespace nibble

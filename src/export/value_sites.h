// SPDX-License-Identifier: Apache-2.0
// Finds the sites inside an ONNX file where numbers can be read (convolutions and how they follow each other, quantisers), and makes a copy
// of the model that has chosen values as its outputs.
#pragma once
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace nibble {

struct ConvSite {
  std::string name;    ///< of the node; of its output where the node has none
  std::string input;   ///< value it reads, behind its quantiser where it has one
  std::string output;  ///< value it gives, bias included
  Shape weight;        ///< [O,I/groups,kh,kw]; empty when it is no constant
  /// Indices of the convolutions whose output reaches the input without another one in between; empty where only the image does.
  std::vector<std::size_t> sources;
};

/// Convolutions of the main graph in its order, which is topological. Error(input) as read_onnx.
/// Example: a -> Conv c1 -> Sigmoid, Mul -> Conv c2: c2.sources is {0}.
std::vector<ConvSite> find_convolutions(const std::filesystem::path& model);

struct QuantizerSite {
  std::string name;   ///< of the node; of its output where the node has none
  std::string codes;  ///< value its DequantizeLinear reads: behind the Clip of fewer than 8 bits where there is one
};

/// QuantizeLinear nodes of activations (of what is no constant) of the main graph in its order. Error(input) as read_onnx.
std::vector<QuantizerSite> find_quantizers(const std::filesystem::path& model);

/// The model as bytes, `values` (no duplicates) instead of its outputs, in this order. Error(input) naming a value that no node gives.
std::string model_with_outputs(const std::filesystem::path& model, const std::vector<std::string>& values);

}  // namespace nibble

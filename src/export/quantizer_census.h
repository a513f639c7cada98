// SPDX-License-Identifier: Apache-2.0
// How a file writes its quantised numbers, node by node, whoever wrote it: what consumers take or refuse depends on it.
#pragma once
#include <onnx/onnx_pb.h>

#include <string>
#include <vector>

namespace nibble {

/// Each list holds the names of the nodes that say so, of an output where a node has none.
struct QuantizerCensus {
  std::vector<std::string> packed;         ///< DequantizeLinear of INT4 constants
  std::vector<std::string> byte_codes;     ///< DequantizeLinear of 8-bit constants, clipped or not
  std::vector<std::string> decoders;       ///< what takes packed bytes apart
  std::vector<std::string> integer;        ///< convolutions on integers, and DequantizeLinear of a bias
  std::vector<std::string> blocks;         ///< DequantizeLinear with a scale for some input channels
  std::vector<std::string> shifted;        ///< DequantizeLinear of weights whose zero point is not 0
  std::vector<std::string> lowest;         ///< DequantizeLinear of weights in which the lowest code occurs
  std::vector<std::string> clips;          ///< Clip in front of DequantizeLinear
  std::vector<std::string> activations;    ///< QuantizeLinear
  std::vector<std::string> shifted_input;  ///< those of them whose zero point is not 0
};

/// Codes whose type is not read (FP8) and zero points that a node computes are not counted. Error(unsupported) as elements_of.
QuantizerCensus census_of(const onnx::ModelProto& model);

}  // namespace nibble

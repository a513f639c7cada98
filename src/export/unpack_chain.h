// SPDX-License-Identifier: Apache-2.0
// Weights that operators decode: codes -> [take the byte apart] -> Cast -> [Sub zero point] -> Mul scale. A runtime that folds constants
// (ONNX Runtime at its default options) has float weights once the file is loaded; DequantizeLinear it leaves in place.
//
//   codes   uint8, two 4-bit codes a byte:  c -> BitwiseAnd(15), c -> BitShift(4, RIGHT), both -> Concat(axis): the first half of the axis
//           lies in the low halves of the bytes, the second half in the high ones [-> Slice where one plane was added to an odd extent]
//           or uint8, int8 (one a byte), or int4, uint4 (opset 21)
//   steps   Cast to float32 [-> Sub(zero point): one number, bytes behind a Cast, or packed as the codes are]
//   weight  Mul(scale) [-> Reshape, of blocks -> Slice where the last block is shorter] [-> Cast to float16]
//
// Symbols of a trellis (graph/trellis.h) become codes before the Cast, with the weight's rows flat, [O,1,columns]:
//
//   symbols uint8 [O,bytes,1] -> BitShift(0, 4, RIGHT) -> BitwiseAnd(15) -> Reshape [O,1,columns]; of 3 or 5 bits two such fields, of the
//           low 2 or 4 bits and of the high bit (8 a byte), joined by Concat to [O,2,columns]
//   index   ConvInteger with the taps of trellis_taps(), which puts the phase above the symbol -> BitwiseAnd
//   codes   Gather from the levels, by phase [-> Slice where the last byte is not full]
//
// Where a quantiser stands before the convolution, its kernel wants bytes: then codes -> Reshape -> DequantizeLinear(scale).
#pragma once
#include <onnx/onnx_pb.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "export/onnx_file.h"

namespace nibble {

struct UnpackChain {
  const onnx::TensorProto* codes = nullptr;       ///< as stored
  const onnx::TensorProto* high_codes = nullptr;  ///< the field of the high bit of symbols of 3 or 5 bits; else nullptr
  const onnx::TensorProto* scale = nullptr;       ///< one number, [O,1,1,1], or [O,blocks,1,kh,kw]
  const onnx::TensorProto* zero_point = nullptr;  ///< nullptr: none
  const onnx::NodeProto* scaling = nullptr;       ///< the Mul or DequantizeLinear with the scale
  int bits = 8;                                   ///< of a code, or of a symbol
  bool trellis = false;                           ///< whether the codes are levels that symbols choose along a trellis
  std::int64_t block = 0;                         ///< input channels per scale; 0: the scale is per tensor or channel
  Shape shape;                                    ///< of the weight
  std::vector<const onnx::NodeProto*> nodes;      ///< from the weight back to the codes; each but shared Casts of zero points once
};

/// The chain that gives the value `name`; nothing where it is another kind of value. Constants may stand behind Casts and Identities.
/// Never throws on what a damaged file may hold but Error(input) of shape_of.
std::optional<UnpackChain> find_unpack_chain(const OnnxIndex& index, const std::string& name);

/// Of every weight of a Conv, MatMul or Gemm that has one, in the order of the nodes.
std::vector<UnpackChain> find_unpack_chains(const onnx::GraphProto& graph, const OnnxIndex& index);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// An ONNX model that is about to be written. Its structure is protobuf, its weights are tensors that share the Graph's bytes.
#pragma once
#include <onnx/onnx_pb.h>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "base/tensor.h"

namespace nibble {

/// `data` shares the bytes of the Graph's constant; packed types (INT4) hold them as u8, `dims` says what they mean.
struct Initialiser {
  std::string name;
  std::int32_t type = 0;  ///< onnx_type
  Shape dims;
  Tensor data;
};

struct OnnxModel {
  onnx::ModelProto proto;  ///< its graph has no initialisers
  std::vector<Initialiser> initialisers;
};

/// The bytes protobuf itself would write for the model with its initialisers in place (fields in ascending order, no
/// maps, so equal models give equal bytes), but the weights go from the Graph to the stream without a copy.
/// Error(unsupported) above 2 GiB, protobuf's limit.
void write_onnx(const OnnxModel& model, std::ostream& out);

}  // namespace nibble

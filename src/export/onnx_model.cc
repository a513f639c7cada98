// SPDX-License-Identifier: Apache-2.0
#include "export/onnx_model.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/wire_format_lite.h>

#include <limits>
#include <ostream>

#include "nibble/error.h"

namespace nibble {
namespace {

using google::protobuf::internal::WireFormatLite;
using Coded = google::protobuf::io::CodedOutputStream;

std::uint32_t tag_of(int field) { return WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED); }
std::size_t field_size(int field, std::size_t length) { return Coded::VarintSize32(tag_of(field)) + Coded::VarintSize64(length) + length; }
void write_prefix(Coded& out, int field, std::size_t length) {
  out.WriteTag(tag_of(field));
  out.WriteVarint64(length);
}
void write_bytes(Coded& out, std::string_view bytes) { out.WriteRaw(bytes.data(), static_cast<int>(bytes.size())); }

/// A TensorProto in two parts: what comes before the weights (dims, type, name: fields 1, 2, 8), and raw_data (field 9).
struct TensorPart {
  std::string head;
  std::span<const std::byte> raw;
  std::size_t size() const { return head.size() + field_size(onnx::TensorProto::kRawDataFieldNumber, raw.size()); }
};

TensorPart part_of(const Initialiser& initialiser) {
  onnx::TensorProto head;
  for (const auto extent : initialiser.dims) head.add_dims(extent);
  head.set_data_type(initialiser.type);
  head.set_name(initialiser.name);
  return {head.SerializeAsString(), initialiser.data.bytes()};
}

/// The model cut where the streamed fields belong: concatenating serialised parts with distinct fields is what
/// protobuf's encoding defines as one message.
struct Parts {
  std::string model_head, graph_head, graph_tail, model_tail;
  std::vector<TensorPart> tensors;
  std::size_t graph_size = 0;
};

Parts cut(const OnnxModel& model) {
  onnx::ModelProto tail = model.proto;
  onnx::ModelProto head;
  head.set_ir_version(tail.ir_version());
  head.set_producer_name(tail.producer_name());
  head.set_producer_version(tail.producer_version());
  tail.clear_ir_version();
  tail.clear_producer_name();
  tail.clear_producer_version();
  onnx::GraphProto graph_tail;
  graph_tail.Swap(tail.mutable_graph());
  tail.clear_graph();
  onnx::GraphProto graph_head;
  graph_head.mutable_node()->Swap(graph_tail.mutable_node());
  graph_head.set_name(graph_tail.name());
  graph_tail.clear_name();

  Parts parts{head.SerializeAsString(), graph_head.SerializeAsString(), graph_tail.SerializeAsString(), tail.SerializeAsString(), {}, 0};
  parts.graph_size = parts.graph_head.size() + parts.graph_tail.size();
  for (const auto& initialiser : model.initialisers) {
    parts.tensors.push_back(part_of(initialiser));
    parts.graph_size += field_size(onnx::GraphProto::kInitializerFieldNumber, parts.tensors.back().size());
  }
  return parts;
}

}  // namespace

void write_onnx(const OnnxModel& model, std::ostream& out) {
  const Parts parts = cut(model);
  constexpr std::size_t kLimit = std::numeric_limits<std::int32_t>::max();
  if (parts.graph_size + parts.model_head.size() + parts.model_tail.size() > kLimit - 64)
    throw Error(
        ErrorKind::unsupported,
        fmt::format("export: the model needs {} bytes: an ONNX file holds 2 GiB at most; choose a smaller model", parts.graph_size));
  google::protobuf::io::OstreamOutputStream stream(&out);
  Coded coded(&stream);
  write_bytes(coded, parts.model_head);
  write_prefix(coded, onnx::ModelProto::kGraphFieldNumber, parts.graph_size);
  write_bytes(coded, parts.graph_head);
  for (const auto& tensor : parts.tensors) {
    write_prefix(coded, onnx::GraphProto::kInitializerFieldNumber, tensor.size());
    write_bytes(coded, tensor.head);
    write_prefix(coded, onnx::TensorProto::kRawDataFieldNumber, tensor.raw.size());
    write_bytes(coded, {reinterpret_cast<const char*>(tensor.raw.data()), tensor.raw.size()});
  }
  write_bytes(coded, parts.graph_tail);
  write_bytes(coded, parts.model_tail);
}

}  // namespace nibble

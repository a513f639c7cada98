// SPDX-License-Identifier: Apache-2.0
#include "graph/op.h"

namespace nibble {

namespace {

struct NameOf {
  std::string_view operator()(const op::Conv&) const { return "Conv"; }
  std::string_view operator()(const op::BatchNorm&) const { return "BatchNorm"; }
  std::string_view operator()(const op::Silu&) const { return "Silu"; }
  std::string_view operator()(const op::Relu&) const { return "Relu"; }
  std::string_view operator()(const op::Sigmoid&) const { return "Sigmoid"; }
  std::string_view operator()(const op::Sin&) const { return "Sin"; }
  std::string_view operator()(const op::Cos&) const { return "Cos"; }
  std::string_view operator()(const op::Add&) const { return "Add"; }
  std::string_view operator()(const op::Sub&) const { return "Sub"; }
  std::string_view operator()(const op::Mul&) const { return "Mul"; }
  std::string_view operator()(const op::Div&) const { return "Div"; }
  std::string_view operator()(const op::Mod&) const { return "Mod"; }
  std::string_view operator()(const op::MatMul&) const { return "MatMul"; }
  std::string_view operator()(const op::Softmax&) const { return "Softmax"; }
  std::string_view operator()(const op::Concat&) const { return "Concat"; }
  std::string_view operator()(const op::Split&) const { return "Split"; }
  std::string_view operator()(const op::MaxPool&) const { return "MaxPool"; }
  std::string_view operator()(const op::AveragePool&) const { return "AveragePool"; }
  std::string_view operator()(const op::ZeroPad&) const { return "ZeroPad"; }
  std::string_view operator()(const op::ResizeNearest&) const { return "ResizeNearest"; }
  std::string_view operator()(const op::Reshape&) const { return "Reshape"; }
  std::string_view operator()(const op::Transpose&) const { return "Transpose"; }
  std::string_view operator()(const op::Unsqueeze&) const { return "Unsqueeze"; }
  std::string_view operator()(const op::ReduceMax&) const { return "ReduceMax"; }
  std::string_view operator()(const op::TopK&) const { return "TopK"; }
  std::string_view operator()(const op::GatherRows&) const { return "GatherRows"; }
  std::string_view operator()(const op::Cast&) const { return "Cast"; }
  std::string_view operator()(const op::QuantizeDequantize&) const { return "QuantizeDequantize"; }
};

}  // namespace

std::string_view name_of(const Op& op) { return std::visit(NameOf{}, op); }

}  // namespace nibble

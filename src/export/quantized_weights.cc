// SPDX-License-Identifier: Apache-2.0
// Quantised values in ONNX, in four dialects (docs/formats.md). `->` is one node:
//   qcdq      codes int8 -> Clip(min, max; not at full 8 bits) -> DequantizeLinear(f32 scale) [-> Cast to float16, below opset 19]
//   int4      codes INT4, two a byte (INT8 above 4 bits) -> DequantizeLinear(scale of the value's dtype)
//   unpack    print_unpacked.cc
//   integer   codes INT4 -> Cast to INT8 (INT8 above 4 bits, no Cast; INT32 for a bias) -> DequantizeLinear(f32 scale)
//   activations, all but unpack     QuantizeLinear -> [Clip] -> DequantizeLinear
// In an FP16 graph the scales are FP16 numbers in both dialects, so that both dequantise to the same bits.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "export/onnx_types.h"
#include "export/pack.h"
#include "export/printer.h"
#include "graph/weight_steps.h"
#include "nibble/error.h"

namespace nibble {
namespace {

constexpr int kHalfDequantizeOpset = 19;  // DequantizeLinear gives the type of its scale from here on

[[noreturn]] void refuse(ErrorKind kind, const std::string& node, const std::string& why) {
  throw Error(kind, fmt::format("export: {}: {}", node, why));
}

/// The scale as an FP16 number, at least the smallest one above zero: a channel whose scale underflows holds weights
/// below FP16's resolution, and a zero scale is not a quantiser.
Half half_scale(float scale, const std::string& where) {
  const Half rounded = to_half(scale);
  if (!std::isfinite(to_float(rounded)))
    refuse(ErrorKind::numeric, where, fmt::format("scale {} is beyond FP16's largest number; export without --half", scale));
  return rounded.bits == 0 ? Half{1} : rounded;
}

Tensor half_scales(const Tensor& scale, const std::string& where) {
  std::vector<Half> rounded;
  for (const float value : scale.as<float>()) rounded.push_back(half_scale(value, where));
  return Tensor::of<Half>(scale.shape(), std::move(rounded));
}

Tensor scalar_code(const QuantSpec& spec, std::int32_t code) {
  return spec.is_signed ? Tensor::scalar(static_cast<std::int8_t>(code)) : Tensor::scalar(static_cast<std::uint8_t>(code));
}

/// Bounds are Constant nodes, as Brevitas prints them before any clean-up.
std::string print_clip(Printer& out, const std::string& stem, const QuantSpec& spec, const std::string& codes) {
  const auto low = out.add_constant_node(stem + "_min", scalar_code(spec, spec.min_code()));
  const auto high = out.add_constant_node(stem + "_max", scalar_code(spec, spec.max_code()));
  auto clipped = out.fresh_name(stem + "_clipped");
  out.add_node("Clip", stem + ".Clip", {codes, low, high}, {clipped});
  return clipped;
}

void set_axis(onnx::NodeProto& dequantize, const QuantSpec& spec) {
  if (spec.granularity == Granularity::tensor) return;
  set_int(dequantize, "axis", spec.granularity == Granularity::channel ? 0 : 1);
  if (spec.granularity == Granularity::block) set_int(dequantize, "block_size", spec.block);
}

std::string print_qcdq(Printer& out, const Value& value, const Node& reader) {
  const auto& [spec, scale, zero_point] = *value.quant;
  if (spec.granularity == Granularity::block)
    refuse(ErrorKind::unsupported, reader.name,
           fmt::format("weights in blocks of {} have no form in the QCDQ dialect (opset 13); use --dialect int4 or per-channel weights",
                       spec.block));
  const Tensor scales = scales_for(value, *value.quant);
  std::string codes = out.add_initialiser(value.name + "_codes", *value.constant);
  if (out.clips() && (spec.bits < 8 || spec.narrow)) codes = print_clip(out, value.name, spec, codes);
  const bool casts = value.dtype == DType::f16 && out.opset() < kHalfDequantizeOpset;
  const auto scale_name = out.add_initialiser(value.name + "_scale", casts ? scales.to(DType::f32) : scales);
  const auto zero_name = out.add_initialiser(value.name + "_zero_point", zero_point);
  auto result = out.fresh_name(value.name + "_dequantized");
  set_axis(out.add_node("DequantizeLinear", value.name + ".DequantizeLinear", {codes, scale_name, zero_name}, {result}), spec);
  if (!casts) return result;
  auto half = out.fresh_name(value.name + "_half");
  set_int(out.add_node("Cast", value.name + ".Cast", {result}, {half}), "to", onnx_type::kFloat16);
  return half;
}

bool all_zero(const Tensor& tensor) {
  const auto bytes = tensor.bytes();
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte byte) { return byte == std::byte{0}; });
}

/// Up to 4 bits packed, above as bytes.
std::string add_codes(Printer& out, const std::string& name, const Tensor& codes, const QuantSpec& spec) {
  if (spec.bits > 4) return out.add_initialiser(name, codes);
  return out.add_initialiser(name, spec.is_signed ? onnx_type::kInt4 : onnx_type::kUint4, codes.shape(), pack_nibbles(codes));
}

std::string print_int4(Printer& out, const Value& value) {
  const auto& [spec, scale, zero_point] = *value.quant;
  std::vector<std::string> inputs{add_codes(out, value.name + "_codes", *value.constant, spec),
                                  out.add_initialiser(value.name + "_scale", scales_for(value, *value.quant))};
  if (!all_zero(zero_point)) inputs.push_back(add_codes(out, value.name + "_zero_point", zero_point, spec));
  auto result = out.fresh_name(value.name + "_dequantized");
  set_axis(out.add_node("DequantizeLinear", value.name + ".DequantizeLinear", inputs, {result}), spec);
  return result;
}

std::string print_cast(Printer& out, const std::string& stem, const std::string& from, std::int32_t type) {
  auto result = out.fresh_name(stem);
  set_int(out.add_node("Cast", stem + ".Cast", {from}, {result}), "to", type);
  return result;
}

/// Zero points of weights [O,I,h,w] in a shape that broadcasts against them.
Tensor broadcastable(const Tensor& zero_point, const Shape& weight) {
  if (zero_point.shape().empty()) return zero_point;
  Shape shape(weight.size(), 1);
  shape[0] = weight[0];
  const auto values = zero_point.as<std::int8_t>();
  return Tensor::of<std::int8_t>(shape, {values.begin(), values.end()});
}

/// Codes less their zero points, as bytes; runtimes compute them once, when the file is loaded.
std::string print_steps(Printer& out, const Value& value, const std::string& codes) {
  const auto& [spec, scale, zero_point] = *value.quant;
  const auto zeros = add_codes(out, value.name + "_code_zero", broadcastable(zero_point, value.shape), spec);
  auto difference = out.fresh_name(value.name + "_steps");
  out.add_node("Sub", value.name + ".Sub",
               {print_cast(out, value.name + "_codes_wide", codes, onnx_type::kInt32),
                print_cast(out, value.name + "_code_zero_wide", zeros, onnx_type::kInt32)},
               {difference});
  return print_cast(out, value.name + "_bytes", difference, onnx_type::kInt8);
}

/// A zero point is always there: runtimes look for one when they choose an integer kernel, and for weights it must be 0. A bias has
/// none by definition. Weights in blocks, and those whose steps do not fit bytes, keep theirs: no integer kernel takes them.
std::string print_integer(Printer& out, const Value& value) {
  const auto& [spec, scale, zero_point] = *value.quant;
  std::string codes = add_codes(out, value.name + "_codes", *value.constant, spec);
  Tensor left = zero_point;
  if (spec.is_signed && spec.bits <= 8 && spec.granularity != Granularity::block && !all_zero(zero_point) &&
      steps_fit_bytes(*value.quant)) {
    codes = print_steps(out, value, codes);
    left = Tensor::of<std::int8_t>(zero_point.shape(), std::vector<std::int8_t>(static_cast<std::size_t>(count_of(zero_point.shape())), 0));
  } else if (spec.bits <= 4) {
    codes = print_cast(out, value.name + "_bytes", codes, onnx_type::number_of(value.constant->dtype()));
  }
  std::vector<std::string> inputs{codes, out.add_initialiser(value.name + "_scale", scale)};
  if (spec.bits <= 8) inputs.push_back(out.add_initialiser(value.name + "_zero_point", left));
  auto result = out.fresh_name(value.name + "_dequantized");
  set_axis(out.add_node("DequantizeLinear", value.name + ".DequantizeLinear", inputs, {result}), spec);
  return result;
}

}  // namespace

Tensor scales_for(const Value& value, const QuantParams& params) {
  return value.dtype == DType::f16 ? half_scales(params.scale, value.name) : params.scale;
}

std::string print_quantized_constant(Printer& printer, const Value& value, const Node& reader) {
  switch (printer.dialect()) {
    case Dialect::qcdq: return print_qcdq(printer, value, reader);
    case Dialect::int4: return print_int4(printer, value);
    case Dialect::unpack: return print_unpacked_constant(printer, value, reader);
    case Dialect::integer: break;
  }
  return value.quant->spec.trellis ? print_unpacked_bytes(printer, value) : print_integer(printer, value);
}

void print_quantize_dequantize(Printer& printer, const Node& node, const QuantParams& params) {
  const auto& spec = params.spec;
  if (spec.granularity != Granularity::tensor)
    refuse(ErrorKind::unsupported, node.name, "activations are quantised per tensor; use granularity tensor");
  if (printer.graph().value(node.inputs[0]).dtype != DType::f32)
    refuse(ErrorKind::unsupported, node.name, "quantised activations need an FP32 graph; export without --half");
  const auto input = printer.use(node.inputs[0], node);
  const auto output = printer.name_of_value(node.outputs[0]);
  const auto scale = printer.add_initialiser(node.name + "_scale", params.scale);
  const auto zero_point = printer.add_initialiser(node.name + "_zero_point", params.zero_point);
  std::string codes = printer.fresh_name(output + "_quantized");
  printer.add_node("QuantizeLinear", node.name + ".QuantizeLinear", {input, scale, zero_point}, {codes});
  // QuantizeLinear saturates to the stored type's range: 8 bits, not narrow, needs no Clip.
  if (spec.bits < 8 || spec.narrow) codes = print_clip(printer, output, spec, codes);
  printer.add_node("DequantizeLinear", node.name + ".DequantizeLinear", {codes, scale, zero_point}, {output});
}

}  // namespace nibble

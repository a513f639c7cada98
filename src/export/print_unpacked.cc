// SPDX-License-Identifier: Apache-2.0
// Weights as the unpack dialect writes them; unpack_chain.h shows the chain.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "export/onnx_types.h"
#include "export/printer.h"
#include "graph/trellis.h"
#include "graph/weight_steps.h"
#include "nibble/error.h"

namespace nibble {
namespace {

/// Codes as they lie in the file, one a byte: of 4 bits and less without a sign, moved up by `offset`.
struct StoredCodes {
  Shape shape;  ///< [O,I/groups,kh,kw], or in blocks [O,blocks,block,kh,kw], the last one filled up with zeros
  std::vector<std::uint8_t> values;
  int offset = 0;
};

std::size_t extent(const Shape& shape, std::size_t axis) { return static_cast<std::size_t>(shape[axis]); }

/// Elements that lie together behind one index of the axis.
std::size_t inner(const Shape& shape, std::size_t axis) {
  return static_cast<std::size_t>(count_of({shape.begin() + static_cast<std::ptrdiff_t>(axis) + 1, shape.end()}));
}

/// The axis with `more` planes of `filler` behind.
void extend(StoredCodes& codes, std::size_t axis, std::size_t more, std::uint8_t filler) {
  if (more == 0) return;
  const auto plane = inner(codes.shape, axis), row = extent(codes.shape, axis) * plane;
  std::vector<std::uint8_t> longer;
  for (std::size_t at = 0; at < codes.values.size(); at += row) {
    const auto begin = codes.values.begin() + static_cast<std::ptrdiff_t>(at);
    longer.insert(longer.end(), begin, begin + static_cast<std::ptrdiff_t>(row));
    longer.insert(longer.end(), more * plane, filler);
  }
  codes.values = std::move(longer);
  codes.shape[axis] += static_cast<std::int64_t>(more);
}

/// In a byte: -8..7 becomes 0..15.
std::uint8_t moved(std::byte code, int offset) { return static_cast<std::uint8_t>(std::to_integer<int>(code) + offset); }

StoredCodes stored(const Value& value) {
  const auto& spec = value.quant->spec;
  StoredCodes codes{value.shape, {}, spec.bits <= 4 && spec.is_signed ? 8 : 0};
  for (const auto code : value.constant->bytes()) codes.values.push_back(moved(code, codes.offset));
  if (spec.granularity != Granularity::block) return codes;
  const auto block = static_cast<std::size_t>(spec.block), channels = extent(codes.shape, 1), blocks = (channels + block - 1) / block;
  extend(codes, 1, blocks * block - channels, static_cast<std::uint8_t>(codes.offset));
  codes.shape[1] = static_cast<std::int64_t>(blocks);
  codes.shape.insert(codes.shape.begin() + 2, spec.block);
  return codes;
}

std::optional<std::size_t> even_axis(const Shape& shape) {
  const auto even = std::find_if(shape.begin(), shape.end(), [](auto size) { return size % 2 == 0; });
  return even == shape.end() ? std::nullopt : std::optional(static_cast<std::size_t>(even - shape.begin()));
}

/// The second half of the axis in the high halves of the bytes of the first.
std::vector<std::uint8_t> packed(const StoredCodes& codes, std::size_t axis) {
  const auto half = extent(codes.shape, axis) / 2 * inner(codes.shape, axis);
  std::vector<std::uint8_t> bytes;
  for (std::size_t at = 0; at < codes.values.size(); at += 2 * half)
    for (std::size_t i = 0; i < half; ++i)
      bytes.push_back(static_cast<std::uint8_t>(codes.values[at + i] | codes.values[at + half + i] << 4));
  return bytes;
}

/// The fields that a symbol is stored in, from its low bits on: 4, or 2 and 1, or 4 and 1 bits, whole numbers of them in a byte.
std::vector<int> field_widths(int bits) {
  if (bits == 4) return {4};
  return {bits - 1, 1};
}

/// Symbols in rows that fill whole bytes of each field; what is added are zeros.
struct SymbolRows {
  std::int64_t rows = 0, columns = 0;
  std::vector<std::uint8_t> symbols;
};

SymbolRows symbol_rows(const Value& value) {
  const auto& code = value.quant->spec.trellis;
  const auto rows = value.shape[0], weights = count_of(value.shape) / rows, at_once = std::int64_t{8 / field_widths(code.bits).back()};
  const auto symbols = trellis_symbols(value.constant->as<std::int8_t>(), weights, code, fmt::format("export: {}", value.name));
  SymbolRows result{rows, (weights + at_once - 1) / at_once * at_once, {}};
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto begin = symbols.begin() + row * weights;
    result.symbols.insert(result.symbols.end(), begin, begin + weights);
    result.symbols.resize(static_cast<std::size_t>((row + 1) * result.columns));
  }
  return result;
}

/// Whether the convolution is one that runtimes compute on integers: its input comes from a quantiser. They look for DequantizeLinear then,
/// and round float weights to 8 bits (ONNX Runtime's WeightBiasQuantization).
bool is_on_integers(const Graph& graph, const Node& reader) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
    return std::holds_alternative<op::QuantizeDequantize>(node.op) && node.outputs[0] == reader.inputs[0];
  });
}

/// The chain being printed for one weight. Inner values have short names: five long ones for each layer would cost more than the nodes.
class Decoder {
 public:
  Decoder(Printer& out, const Value& value, bool on_integers)
      : out_(out), value_(value), spec_(value.quant->spec), on_integers_(on_integers), codes_(stored(value)), stem_(out.fresh_name("u")) {}

  std::string print() {
    if (spec_.trellis) return print_trellis();
    if (on_integers_) return print_bytes();
    std::string steps = cast(spec_.bits <= 4 ? halves() : bytes(), "real", onnx_type::kFloat);
    const auto zero = zero_point();
    if (!zero.empty()) steps = node("Sub", "steps", {steps, zero});
    auto result = node("Mul", "scaled", {steps, scale()});
    if (spec_.granularity == Granularity::block) {
      Shape whole = value_.shape;
      whole[1] = codes_.shape[1] * codes_.shape[2];
      result = node("Reshape", "joined", {result, ints("_shape", whole)});
      if (whole != value_.shape) result = first_of(result, "cut", 1);
    }
    return finish(result);
  }

 private:
  /// The last node printed gives the weight, in its type.
  std::string finish(const std::string& result) {
    if (value_.dtype == DType::f16) cast(result, "half", onnx_type::kFloat16);
    last().set_output(0, value_.name);
    return value_.name;
  }

  Tensor no_zero_points() const {
    return Tensor::of<std::int8_t>({value_.shape[0]}, std::vector<std::int8_t>(static_cast<std::size_t>(value_.shape[0])));
  }
  /// Bytes through DequantizeLinear, which has the scales of their channels.
  std::string dequantized(const std::string& codes, const Tensor& zeros) {
    const std::vector<std::string> inputs{codes, out_.add_initialiser(value_.name + "_scale", value_.quant->scale),
                                          out_.add_initialiser(value_.name + "_zero_point", zeros)};
    const auto result = node("DequantizeLinear", "scaled", inputs);
    set_int(last(), "axis", 0);
    return finish(result);
  }

  /// Codes less their zero points, one a byte; as they are where that does not fit.
  std::string print_bytes() {
    if (!steps_fit_bytes(*value_.quant))
      return dequantized(out_.add_initialiser(value_.name + "_codes", *value_.constant), value_.quant->zero_point);
    const auto codes = value_.constant->as<std::int8_t>(), zeros = value_.quant->zero_point.as<std::int8_t>();
    const auto in_a_row = codes.size() / zeros.size();
    std::vector<std::int8_t> steps;
    for (std::size_t i = 0; i < codes.size(); ++i) steps.push_back(static_cast<std::int8_t>(codes[i] - zeros[i / in_a_row]));
    return dequantized(out_.add_initialiser(value_.name + "_codes", Tensor::of<std::int8_t>(value_.shape, std::move(steps))),
                       no_zero_points());
  }

  std::string print_trellis() {
    const auto& code = spec_.trellis;
    const auto rows = symbol_rows(value_);
    const auto weights = count_of(value_.shape) / rows.rows;
    auto taps = trellis_taps(code);
    std::string symbols;
    if (code.bits == 4) {
      symbols = field("_codes", rows, 0, 4);
    } else {
      const auto widths = field_widths(code.bits);
      symbols = node("Concat", "symbols", {field("_codes", rows, 0, widths[0]), field("_high_codes", rows, widths[0], widths[1])});
      set_int(last(), "axis", 1);
      // The high bit is part of its own symbol alone: four phases on is the same one.
      taps.insert(taps.end(), {0, 0, 0, static_cast<std::uint8_t>(1 << (code.bits - 1))});
    }
    const auto width = kTrellisMemory + 1;
    const auto taps_name = out_.add_initialiser(fmt::format("u_taps_{}", code.bits),
                                                Tensor::of<std::uint8_t>({1, static_cast<std::int64_t>(taps.size()) / width, width}, taps));
    auto at = node("ConvInteger", "sums", {symbols, taps_name});
    set_ints(last(), "pads", std::array<std::int64_t, 2>{kTrellisMemory, 0});
    const auto levels = trellis_levels_by_phase(code);
    const auto count = static_cast<std::int64_t>(levels.size());
    at = node("BitwiseAnd", "index",
              {at, out_.add_initialiser(fmt::format("u_{}", count - 1), Tensor::scalar(static_cast<std::int32_t>(count - 1)))});
    at = node("Gather", "level",
              {out_.add_initialiser(fmt::format("u_levels_{}_{}_{}", code.bits, code.curve, code.largest),
                                    Tensor::of<std::int8_t>({count}, levels)),
               at});
    if (weights != rows.columns) at = node("Slice", "cut", {at, ints("_start", {0}), ints("_end", {weights}), ints("_axis", {2})});
    if (on_integers_) return dequantized(node("Reshape", "joined", {at, ints("_shape", value_.shape)}), no_zero_points());
    const auto scales = scales_for(value_, *value_.quant).reshaped({rows.rows, 1, 1});
    const auto scale = out_.add_initialiser(value_.name + "_scale", scales);
    at = node("Mul", "scaled",
              {cast(at, "real", onnx_type::kFloat), scales.dtype() == DType::f16 ? cast(scale, "scale", onnx_type::kFloat) : scale});
    return finish(node("Reshape", "joined", {at, ints("_shape", value_.shape)}));
  }

  /// `width` bits of each symbol from bit `first` on, 8 / width a byte, the first in the low bits: [rows, 1, columns] uint8.
  std::string field(std::string_view suffix, const SymbolRows& rows, int first, int width) {
    const int in_a_byte = 8 / width, mask = (1 << width) - 1;
    std::vector<std::uint8_t> bytes(rows.symbols.size() / static_cast<std::size_t>(in_a_byte)), shifts;
    for (std::size_t i = 0; i < rows.symbols.size(); ++i)
      bytes[i / in_a_byte] |= static_cast<std::uint8_t>((rows.symbols[i] >> first & mask) << i % in_a_byte * width);
    for (int i = 0; i < in_a_byte; ++i) shifts.push_back(static_cast<std::uint8_t>(i * width));
    const auto what = first == 0 ? std::string() : "high_";
    const auto codes = out_.add_initialiser(value_.name + std::string(suffix),
                                            Tensor::of<std::uint8_t>({rows.rows, rows.columns / in_a_byte, 1}, std::move(bytes)));
    const auto shifted =
        node("BitShift", what + "shifted",
             {codes, out_.add_initialiser(fmt::format("u_shifts_{}", width), Tensor::of<std::uint8_t>({in_a_byte}, shifts))});
    set_string(last(), "direction", "RIGHT");
    const auto symbols = node("BitwiseAnd", what + "bits", {shifted, byte(fmt::format("u_{}_8", mask), static_cast<std::uint8_t>(mask))});
    return node("Reshape", what + "row", {symbols, ints("_row", {rows.rows, 1, rows.columns})});
  }

  std::string node(std::string_view op, std::string_view what, const std::vector<std::string>& inputs) {
    auto name = fmt::format("{}.{}", stem_, what);
    out_.add_node(op, name, inputs, {name});
    return name;
  }
  onnx::NodeProto& last() { return *out_.model().proto.mutable_graph()->mutable_node()->rbegin(); }
  std::string cast(const std::string& from, std::string_view what, std::int32_t type) {
    auto name = node("Cast", what, {from});
    set_int(last(), "to", type);
    return name;
  }
  std::string ints(std::string_view suffix, const std::vector<std::int64_t>& values) {
    return out_.add_initialiser(stem_ + std::string(suffix), Tensor::of<std::int64_t>({static_cast<std::int64_t>(values.size())}, values));
  }
  /// As many planes of the axis as the weight has.
  std::string first_of(const std::string& from, std::string_view what, std::int64_t axis) {
    return node("Slice", what,
                {from, ints("_start", {0}), ints("_end", {value_.shape[static_cast<std::size_t>(axis)]}), ints("_axis", {axis})});
  }

  std::string add_codes(Shape shape, std::vector<std::uint8_t> values) {
    return out_.add_initialiser(value_.name + "_codes", Tensor::of<std::uint8_t>(std::move(shape), std::move(values)));
  }

  /// Two codes a byte along the axis. `what` goes before the names of the inner values.
  std::string joined(std::string_view suffix, const StoredCodes& codes, std::size_t axis, const std::string& what) {
    Shape shape = codes.shape;
    shape[axis] /= 2;
    const auto name = out_.add_initialiser(value_.name + std::string(suffix), Tensor::of<std::uint8_t>(shape, packed(codes, axis)));
    const auto low = node("BitwiseAnd", what + "low", {name, byte("u_15", 15)});
    const auto high = node("BitShift", what + "high", {name, byte("u_4", 4)});
    set_string(last(), "direction", "RIGHT");
    auto result = node("Concat", what + "codes", {low, high});
    set_int(last(), "axis", static_cast<std::int64_t>(axis));
    return result;
  }

  /// Two codes a byte, along the first axis of even extent; without one the first axis gets one plane more, which is cut off again.
  std::string halves() {
    const auto axis = even_axis(codes_.shape);
    if (!axis) extend(codes_, 0, 1, 0);
    const auto codes = joined("_codes", codes_, axis.value_or(0), "");
    return codes_.shape[0] == value_.shape[0] ? codes : first_of(codes, "first", 0);
  }
  std::string byte(std::string_view name, std::uint8_t value) { return out_.add_initialiser(name, Tensor::scalar(value)); }

  /// One code a byte.
  std::string bytes() {
    if (codes_.shape == value_.shape) return out_.add_initialiser(value_.name + "_codes", *value_.constant);
    if (!spec_.is_signed) return add_codes(codes_.shape, codes_.values);
    std::vector<std::int8_t> values;
    for (const auto code : codes_.values) values.push_back(static_cast<std::int8_t>(code));
    return out_.add_initialiser(value_.name + "_codes", Tensor::of<std::int8_t>(codes_.shape, std::move(values)));
  }

  /// The shape in which a number per channel or block meets the codes.
  Shape beside_codes() const {
    if (spec_.granularity == Granularity::tensor) return {};
    if (spec_.granularity == Granularity::channel) {
      Shape shape(value_.shape.size(), 1);
      shape[0] = value_.shape[0];
      return shape;
    }
    Shape shape = value_.quant->scale.shape();
    shape.insert(shape.begin() + 2, 1);
    return shape;
  }

  std::string scale() {
    const auto scales = scales_for(value_, *value_.quant).reshaped(beside_codes());
    const auto name = out_.add_initialiser(value_.name + "_scale", scales);
    return scales.dtype() == DType::f16 ? cast(name, "scale", onnx_type::kFloat) : name;
  }

  /// Moved as the codes are. One number where all are equal, none where it is 0; else bytes behind a Cast, many of them packed as codes
  /// are.
  std::string zero_point() {
    std::vector<std::uint8_t> zeros;
    for (const auto zero : value_.quant->zero_point.bytes()) zeros.push_back(moved(zero, codes_.offset));
    const auto number = [this](std::uint8_t zero) {
      return spec_.is_signed && codes_.offset == 0 ? static_cast<float>(static_cast<std::int8_t>(zero)) : static_cast<float>(zero);
    };
    if (std::all_of(zeros.begin(), zeros.end(), [&](auto zero) { return zero == zeros.front(); })) {
      if (number(zeros.front()) == 0) return {};
      return out_.add_initialiser(value_.name + "_zero_point", Tensor::scalar(number(zeros.front())));
    }
    constexpr std::size_t kWorthPacking = 512;  // three more nodes cost about 200 bytes
    const StoredCodes packable{beside_codes(), zeros, codes_.offset};
    const auto axis = even_axis(packable.shape);
    if (spec_.bits <= 4 && zeros.size() >= kWorthPacking && axis)
      return cast(joined("_zero_point", packable, *axis, "zero_"), "zero", onnx_type::kFloat);
    auto tensor = Tensor::of<std::uint8_t>(beside_codes(), zeros);
    if (spec_.is_signed && codes_.offset == 0) {
      std::vector<std::int8_t> negative;
      for (const auto zero : zeros) negative.push_back(static_cast<std::int8_t>(zero));
      tensor = Tensor::of<std::int8_t>(beside_codes(), std::move(negative));
    }
    return cast(out_.add_initialiser(value_.name + "_zero_point", std::move(tensor)), "zero", onnx_type::kFloat);
  }

  Printer& out_;
  const Value& value_;
  const QuantSpec& spec_;
  bool on_integers_;
  StoredCodes codes_;
  std::string stem_;
};

}  // namespace

std::string print_unpacked_bytes(Printer& printer, const Value& value) { return Decoder(printer, value, true).print(); }

std::string print_unpacked_constant(Printer& printer, const Value& value, const Node& reader) {
  if (value.quant->spec.bits > 8)
    throw Error(ErrorKind::unsupported,
                fmt::format("export: {}: codes of {} bits have no form in the unpack dialect; use --dialect integer", reader.name,
                            value.quant->spec.bits));
  const bool on_integers = is_on_integers(printer.graph(), reader);
  if (on_integers && !value.quant->spec.trellis && value.quant->spec.granularity != Granularity::channel)
    throw Error(
        ErrorKind::unsupported,
        fmt::format("export: {}: between quantisers the unpack form has scales per channel; use --dialect int4 or integer", reader.name));
  return Decoder(printer, value, on_integers).print();
}

}  // namespace nibble

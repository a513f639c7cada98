// SPDX-License-Identifier: Apache-2.0
// Weights as the unpack dialect writes them; unpack_chain.h shows the chain.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "export/onnx_types.h"
#include "export/printer.h"
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

/// The chain being printed for one weight. Inner values have short names: five long ones for each layer would cost more than the nodes.
class Decoder {
 public:
  Decoder(Printer& out, const Value& value)
      : out_(out), value_(value), spec_(value.quant->spec), codes_(stored(value)), stem_(out.fresh_name("u")) {}

  std::string print() {
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
    if (value_.dtype == DType::f16) cast(result, "half", onnx_type::kFloat16);
    auto& last = *out_.model().proto.mutable_graph()->mutable_node()->rbegin();
    last.set_output(0, value_.name);
    return value_.name;
  }

 private:
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
  StoredCodes codes_;
  std::string stem_;
};

}  // namespace

std::string print_unpacked_constant(Printer& printer, const Value& value, const Node& reader) {
  if (value.quant->spec.bits > 8)
    throw Error(ErrorKind::unsupported,
                fmt::format("export: {}: codes of {} bits have no form in the unpack dialect; use --dialect integer", reader.name,
                            value.quant->spec.bits));
  return Decoder(printer, value).print();
}

}  // namespace nibble

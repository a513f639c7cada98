// SPDX-License-Identifier: Apache-2.0
// Test support: writes small .pt files. Pickle code is a string of opcodes, so that composing values is concatenation:
//   Archive archive("tiny");
//   const Code weight = parameter(archive.tensor<float>({2, 2}, {1, 2, 3, 4}));
//   const Code conv = module("torch.nn.modules.conv", "Conv2d", {{"stride", tuple({integer(1), integer(1)})}}, {{"weight", weight}});
//   read_checkpoint(archive.bytes(dict({{text("model"), conv}})), "tiny.pt");
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/tensor.h"
#include "ckpt/zip_builder.h"

namespace nibble::test {

/// Opcodes that leave one value on the stack.
using Code = std::string;
using Codes = std::vector<Code>;
using CodePairs = std::vector<std::pair<Code, Code>>;
/// Attribute or item by name.
using NamedCodes = std::vector<std::pair<std::string, Code>>;

inline Code none() { return "N"; }
inline Code boolean(bool value) { return value ? "\x88" : "\x89"; }
inline Code integer(std::int64_t value) { return std::string("\x8A\x08") + little_endian(value); }
inline Code number(double value) {
  const std::string bytes = little_endian(value);
  return "G" + std::string(bytes.rbegin(), bytes.rend());
}
inline Code text(std::string_view value) { return "X" + little_endian(static_cast<std::uint32_t>(value.size())) + std::string(value); }
inline Code global(const std::string& module, const std::string& name) { return "c" + module + "\n" + name + "\n"; }

inline Code join(const Codes& items) {
  Code code;
  for (const auto& item : items) code += item;
  return code;
}
inline Code join(const CodePairs& items) {
  Code code;
  for (const auto& [key, value] : items) code += key + value;
  return code;
}
inline CodePairs with_text_keys(const NamedCodes& items) {
  CodePairs pairs;
  for (const auto& [name, value] : items) pairs.emplace_back(text(name), value);
  return pairs;
}

inline Code tuple(const Codes& items) { return "(" + join(items) + "t"; }
inline Code list(const Codes& items) { return "](" + join(items) + "e"; }
inline Code dict(const CodePairs& items) { return "}(" + join(items) + "u"; }
inline Code named_dict(const NamedCodes& items) { return dict(with_text_keys(items)); }
inline Code integers(const Shape& values) {
  Codes codes;
  for (const auto value : values) codes.push_back(integer(value));
  return tuple(codes);
}

/// callable(*arguments) by REDUCE.
inline Code call(const std::string& module, const std::string& name, const Codes& arguments) {
  return global(module, name) + tuple(arguments) + "R";
}
inline Code ordered_dict(const CodePairs& items) { return call("collections", "OrderedDict", {}) + "(" + join(items) + "u"; }
inline Code named_ordered_dict(const NamedCodes& items) { return ordered_dict(with_text_keys(items)); }
inline Code set_of(const Codes& items) { return call("__builtin__", "set", {list(items)}); }
/// An instance with attributes: NEWOBJ, BUILD.
inline Code object(const std::string& module, const std::string& name, const NamedCodes& attributes) {
  return global(module, name) + ")\x81" + named_dict(attributes) + "b";
}
/// Writes the value into the memo, reads it from there.
inline Code put(std::uint32_t index, const Code& code) { return code + "r" + little_endian(index); }
inline Code get(std::uint32_t index) { return "j" + little_endian(index); }

inline Code storage(const std::string& type, const std::string& key, std::int64_t elements) {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(elements)}) + "Q";
}
inline Code rebuild_tensor(const Code& storage_code, std::int64_t offset, const Shape& shape, const Shape& strides) {
  return call("torch._utils", "_rebuild_tensor_v2",
              {storage_code, integer(offset), integers(shape), integers(strides), boolean(false), ordered_dict({})});
}
inline Code parameter(const Code& tensor) { return call("torch._utils", "_rebuild_parameter", {tensor, boolean(true), ordered_dict({})}); }

/// An nn.Module the way torch pickles it: attributes, parameters, buffers and submodules each in a dict of its state.
inline Code module(const std::string& type_module, const std::string& type_name, const NamedCodes& attributes,
                   const NamedCodes& parameters = {}, const NamedCodes& buffers = {}, const NamedCodes& modules = {}) {
  NamedCodes state = {{"training", boolean(false)},
                      {"_parameters", named_ordered_dict(parameters)},
                      {"_buffers", named_ordered_dict(buffers)},
                      {"_modules", named_ordered_dict(modules)}};
  state.insert(state.end(), attributes.begin(), attributes.end());
  return object(type_module, type_name, state);
}

/// Name of torch's storage class of an element type.
template <class T>
std::string storage_type() {
  switch (dtype_of<T>()) {
    case DType::f32: return "FloatStorage";
    case DType::f16: return "HalfStorage";
    case DType::f64: return "DoubleStorage";
    case DType::i64: return "LongStorage";
    case DType::i32: return "IntStorage";
    case DType::i16: return "ShortStorage";
    case DType::i8: return "CharStorage";
    default: return "ByteStorage";
  }
}

inline Shape contiguous_strides(const Shape& shape) {
  Shape strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// Pickle code with protocol header and STOP.
inline std::string whole_pickle(const Code& root) { return "\x80\x02" + root + "."; }

/// The storages of a .pt file under construction.
class Archive {
 public:
  explicit Archive(std::string name = "tiny") : name_(std::move(name)) {}

  /// Adds a storage and returns its key.
  template <class T>
  std::string add_storage(const std::vector<T>& values) {
    std::string bytes(values.size() * sizeof(T), '\0');
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    storages_.push_back(std::move(bytes));
    element_bytes_.push_back(sizeof(T));
    return std::to_string(storages_.size() - 1);
  }
  /// Adds a storage and returns a contiguous tensor that is all of it.
  template <class T>
  Code tensor(const Shape& shape, const std::vector<T>& values) {
    const auto elements = static_cast<std::int64_t>(values.size());
    return rebuild_tensor(storage(storage_type<T>(), add_storage(values), elements), 0, shape, contiguous_strides(shape));
  }
  /// The file as torch.save writes it (data.pkl, byteorder, data/<key>, version), around any bytes as data.pkl.
  ZipBuilder zip(const std::string& pickle_bytes) const { return packed(pickle_bytes, name_ + "/", false); }
  /// The same as another program packs it again.
  ZipBuilder packed(const std::string& pickle_bytes, const std::string& folder, bool deflate) const {
    ZipBuilder builder;
    builder.add(folder + "data.pkl", pickle_bytes, deflate);
    builder.add(folder + "byteorder", "little", deflate);
    for (std::size_t i = 0; i < storages_.size(); ++i) builder.add(folder + "data/" + std::to_string(i), storages_[i], deflate);
    builder.add(folder + "version", "3\n", deflate);
    return builder;
  }
  /// The form of torch.save before PyTorch 1.6, around any bytes as the pickle.
  std::string legacy(const std::string& pickle_bytes, bool little_endian_machine = true) const {
    Codes keys;
    std::string contents;
    for (std::size_t i = 0; i < storages_.size(); ++i) {
      keys.push_back(text(std::to_string(i)));
      contents += u64(storages_[i].size() / element_bytes_[i]) + storages_[i];
    }
    using namespace std::string_literals;
    return "\x80\2\x8A\x0Al\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19."s + "\x80\2M\xE9\3."s +
           whole_pickle(named_dict({{"protocol_version", integer(1001)}, {"little_endian", boolean(little_endian_machine)}})) +
           pickle_bytes + whole_pickle(list(keys)) + contents;
  }
  std::string bytes(const Code& root) const { return zip(whole_pickle(root)).bytes(); }

 private:
  std::string name_;
  std::vector<std::string> storages_;
  std::vector<std::size_t> element_bytes_;
};

}  // namespace nibble::test

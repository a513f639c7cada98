// SPDX-License-Identifier: Apache-2.0
#include "export/external_data.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <vector>

#include "export/onnx_file.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kLargestMessage = 2'147'483'647;  // protobuf's limit

[[noreturn]] void refuse(const std::string& where, const std::string& why) {
  throw Error(ErrorKind::input, fmt::format("ONNX: {}: {}", where, why));
}

std::string entry_of(const onnx::TensorProto& tensor, std::string_view key) {
  for (const auto& entry : tensor.external_data())
    if (entry.key() == key) return entry.value();
  return {};
}

std::int64_t number_of(const onnx::TensorProto& tensor, std::string_view key, std::int64_t fallback, const std::string& where) {
  const auto text = entry_of(tensor, key);
  if (text.empty()) return fallback;
  std::int64_t value = -1;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || value < 0)
    refuse(where, fmt::format("its external data has the {} '{}'; the file is damaged", key, text));
  return value;
}

std::string name_of(const onnx::TensorProto& tensor, const fs::path& path) {
  return fmt::format("{}: initialiser '{}'", path.string(), tensor.name());
}

void take_in(onnx::TensorProto& tensor, const fs::path& path) {
  const auto where = name_of(tensor, path);
  const auto file = external_file(tensor, path, where);
  const auto needed = stored_bytes(tensor, where);
  const auto offset = number_of(tensor, "offset", 0, where), length = number_of(tensor, "length", needed, where);
  const auto size = static_cast<std::int64_t>(fs::file_size(file));
  if (length != needed)
    refuse(where, fmt::format("its external data has {} bytes where its shape needs {}; the file is damaged", length, needed));
  if (offset > size || length > size - offset)
    refuse(where, fmt::format("its external data ends at byte {}, '{}' has {}; the file is damaged", offset + length,
                              file.filename().string(), size));
  std::string bytes(static_cast<std::size_t>(length), '\0');
  std::ifstream in(file, std::ios::binary);
  in.seekg(offset);
  if (!in.read(bytes.data(), length) && length > 0) refuse(where, fmt::format("'{}' cannot be read", file.string()));
  tensor.set_raw_data(std::move(bytes));
  tensor.clear_external_data();
  tensor.clear_data_location();
}

std::vector<const onnx::TensorProto*> external_tensors(const onnx::GraphProto& graph) {
  std::vector<const onnx::TensorProto*> tensors;
  for (const auto& tensor : graph.initializer())
    if (is_external(tensor)) tensors.push_back(&tensor);
  for (const auto& node : graph.node())
    for (const auto& attribute : node.attribute())
      if (attribute.has_t() && is_external(attribute.t())) tensors.push_back(&attribute.t());
  return tensors;
}

}  // namespace

fs::path external_file(const onnx::TensorProto& tensor, const fs::path& model, const std::string& where) {
  const fs::path location = entry_of(tensor, "location");
  const auto folder = fs::weakly_canonical(fs::absolute(model).parent_path());
  std::error_code code;
  const auto file = fs::weakly_canonical(folder / location, code);
  if (code) refuse(where, fmt::format("its external data file '{}' cannot be looked for: {}", location.string(), code.message()));
  const auto relative = file.lexically_relative(folder);
  if (location.empty() || location.is_absolute() || relative.empty() || *relative.begin() == "..")
    refuse(where, fmt::format("its external data lies at '{}', outside the model's folder; put it beside the model", location.string()));
  if (!fs::is_regular_file(file, code))
    refuse(where, fmt::format("its external data file '{}' is missing; put it beside the model", location.string()));
  return file;
}

void refuse_external_file(const onnx::ModelProto& model, const fs::path& path, const fs::path& output) {
  for (const auto* tensor : external_tensors(model.graph()))
    if (external_file(*tensor, path, name_of(*tensor, path)) == fs::weakly_canonical(fs::absolute(output)))
      throw Error(ErrorKind::usage, fmt::format("ONNX: {}: holds weights of {}; write to another file", output.string(), path.string()));
}

int take_in_external_data(onnx::ModelProto& model, const fs::path& path) {
  const auto tensors = external_tensors(model.graph());
  auto bytes = static_cast<std::int64_t>(model.ByteSizeLong());
  for (const auto* tensor : tensors) bytes += stored_bytes(*tensor, name_of(*tensor, path));
  if (bytes > kLargestMessage)
    throw Error(
        ErrorKind::unsupported,
        fmt::format("ONNX: {}: has {} bytes with its external data; one file holds 2 GB at most; keep the weights in a file beside it",
                    path.string(), bytes));
  for (auto& tensor : *model.mutable_graph()->mutable_initializer())
    if (is_external(tensor)) take_in(tensor, path);
  for (auto& node : *model.mutable_graph()->mutable_node())
    for (auto& attribute : *node.mutable_attribute())
      if (attribute.has_t() && is_external(attribute.t())) take_in(*attribute.mutable_t(), path);
  return static_cast<int>(tensors.size());
}

}  // namespace nibble

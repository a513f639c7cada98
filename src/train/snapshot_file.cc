// SPDX-License-Identifier: Apache-2.0
// The file (docs/formats.md, "Snapshots"): a prelude of fixed size, a JSON header, the tensors' bytes in the header's order.
// Numbers are little-endian.
#include <fmt/format.h>

#include <array>
#include <cstring>
#include <ostream>

#include "base/files.h"
#include "base/leftovers.h"
#include "base/placed_json.h"
#include "nibble/error.h"
#include "train/snapshot.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kMagic = "NIBBSNAP";
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kHashBytes = 64;  // SHA-256 in hexadecimal
constexpr std::size_t kVersionAt = 8, kHeaderBytesAt = 12, kHeaderHashAt = 20, kHeaderAt = kHeaderHashAt + kHashBytes;

constexpr std::array kTypes = {DType::f32, DType::f16, DType::f64, DType::i64,    DType::i32,
                               DType::i16, DType::i8,  DType::u8,  DType::boolean};

std::string hash_of(std::string_view bytes) { return sha256_of(std::as_bytes(std::span(bytes.data(), bytes.size()))); }

template <class Unsigned>
void write_number(std::ostream& stream, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) stream.put(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

template <class Unsigned>
Unsigned number_at(const std::string& file, std::size_t offset) {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) value |= static_cast<Unsigned>(static_cast<std::uint8_t>(file[offset + i])) << (8 * i);
  return value;
}

std::string header_of(const Snapshot& snapshot) {
  Json tensors = Json::array();
  for (const auto& [name, tensor] : snapshot.tensors)
    tensors.push_back(
        {{"name", name}, {"dtype", name_of(tensor.dtype())}, {"shape", tensor.shape()}, {"sha256", sha256_of(tensor.bytes())}});
  const Json header = {{"run", snapshot.run}, {"counters", snapshot.counters}, {"texts", snapshot.texts}, {"tensors", tensors}};
  return header.dump();
}

/// Reads the parts of one file in order; every error names it.
class SnapshotReader {
 public:
  explicit SnapshotReader(const fs::path& path) : path_(path) {
    std::error_code code;
    // A pipe would be waited for without end.
    if (const auto status = fs::status(path, code); fs::is_other(status)) refuse("is no file");
    file_ = read_file(path);
  }

  Snapshot read(const std::string& run) {
    const PlacedJson header(read_header(), path_.string(), "use another snapshot, or start again without it");
    Snapshot snapshot;
    snapshot.run = header.at("run").get<std::string>();
    if (snapshot.run != run) refuse(fmt::format("it is of another run (\"{}\"; this one is \"{}\")", snapshot.run, run));
    for (const auto& [name, value] : header.at("counters").members()) snapshot.counters[name] = value.get<std::int64_t>();
    for (const auto& [name, value] : header.at("texts").members()) snapshot.texts[name] = value.get<std::string>();
    for (const auto& row : header.at("tensors").list()) snapshot.tensors[row.at("name").get<std::string>()] = read_tensor(row);
    if (at_ != file_.size()) refuse(fmt::format("{} bytes behind its end", file_.size() - at_));
    return snapshot;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::input, fmt::format("snapshot: {}: {}; use another snapshot, or start again without it", path_.string(), why));
  }
  void require(std::size_t bytes, const std::string& what) const {
    if (file_.size() - at_ < bytes) refuse(fmt::format("the file is cut at byte {} in {}", file_.size(), what));
  }

  Json read_header() {
    if (!file_.starts_with(kMagic) && !kMagic.starts_with(file_)) refuse("not a snapshot");
    require(kHeaderAt, "its prelude");
    if (const auto version = number_at<std::uint32_t>(file_, kVersionAt); version != kVersion)
      refuse(fmt::format("version {} where {} is read", version, kVersion));
    at_ = kHeaderAt;
    const auto size = static_cast<std::size_t>(number_at<std::uint64_t>(file_, kHeaderBytesAt));
    require(size, "its header");
    const std::string_view header = std::string_view(file_).substr(at_, size);
    if (hash_of(header) != file_.substr(kHeaderHashAt, kHashBytes)) refuse("its header is damaged");
    at_ += size;
    try {
      return parse_json(header, "its header");
    } catch (const Error& error) {
      refuse(error.what());
    }
  }

  Tensor read_tensor(const PlacedJson& row) {
    const auto name = row.at("name").get<std::string>();
    Shape shape;
    for (const auto& extent : row.at("shape").list()) shape.push_back(extent.get<std::int64_t>());
    const DType dtype = type_of(row.at("dtype").get<std::string>(), name);
    const std::size_t size = size_of_shape(shape, name) * size_of(dtype);
    require(size, fmt::format("tensor {}", name));
    const auto bytes = std::as_bytes(std::span(file_)).subspan(at_, size);
    if (sha256_of(bytes) != row.at("sha256").get<std::string>()) refuse(fmt::format("tensor {} is damaged", name));
    at_ += size;
    return Tensor::from_bytes(dtype, shape, bytes);
  }

  DType type_of(const std::string& text, const std::string& tensor) const {
    for (const DType dtype : kTypes)
      if (name_of(dtype) == text) return dtype;
    refuse(fmt::format("tensor {} is of the unknown type {}", tensor, text));
  }

  /// Elements; an extent that is negative or more than the file can hold is refused before anything is multiplied by it.
  std::size_t size_of_shape(const Shape& shape, const std::string& tensor) const {
    std::size_t count = 1;
    for (const auto extent : shape) {
      if (extent < 0 || static_cast<std::size_t>(extent) > file_.size())
        refuse(fmt::format("tensor {} has an extent of {}", tensor, extent));
      count *= static_cast<std::size_t>(extent);
      if (count > file_.size()) refuse(fmt::format("tensor {} is larger than the file", tensor));
    }
    return count;
  }

  fs::path path_;
  std::string file_;
  std::size_t at_ = 0;
};

}  // namespace

void write_snapshot(const fs::path& path, const Snapshot& snapshot) {
  const std::string header = header_of(snapshot);
  write_file_durably(path, [&](std::ostream& stream) {
    stream << kMagic;
    write_number(stream, kVersion);
    write_number(stream, static_cast<std::uint64_t>(header.size()));
    stream << hash_of(header) << header;
    for (const auto& [name, tensor] : snapshot.tensors)
      stream.write(reinterpret_cast<const char*>(tensor.bytes().data()), static_cast<std::streamsize>(tensor.bytes().size()));
  });
  remove_leftovers(path.parent_path().empty() ? fs::path(".") : path.parent_path());
}

Snapshot read_snapshot(const fs::path& path, const std::string& run) { return SnapshotReader(path).read(run); }

}  // namespace nibble

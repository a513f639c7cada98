// SPDX-License-Identifier: Apache-2.0
#include "scoring/findings_bytes.h"

#include <cstdint>
#include <cstring>
#include <iterator>
#include <type_traits>

#include "nibble/error.h"

namespace nibble {
namespace {

/// Numbers one after another, as they lie in memory: all processes of a job run the same program.
class Writer {
 public:
  template <class Value>
  void put(const Value& value) {
    static_assert(std::is_trivially_copyable_v<Value>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  template <class Value, class Put>
  void list(const std::vector<Value>& values, const Put& put_one) {
    put(static_cast<std::uint64_t>(values.size()));
    for (const Value& value : values) put_one(value);
  }
  template <class Value>
  void list(const std::vector<Value>& values) {
    list(values, [&](const Value& value) { put(value); });
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

class Reader {
 public:
  explicit Reader(const std::string& bytes) : bytes_(bytes) {}

  template <class Value>
  Value get() {
    static_assert(std::is_trivially_copyable_v<Value>);
    if (bytes_.size() - at_ < sizeof(Value)) throw Error(ErrorKind::internal, "findings of another process: the bytes end too early");
    Value value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(value));
    at_ += sizeof(value);
    return value;
  }
  template <class Value, class Get>
  std::vector<Value> list(const Get& get_one) {
    std::vector<Value> values;
    for (auto count = get<std::uint64_t>(); count > 0; --count) values.push_back(get_one());
    return values;
  }
  template <class Value>
  std::vector<Value> list() {
    return list<Value>([&] { return get<Value>(); });
  }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
};

template <class Value>
void append(std::vector<Value>& values, std::vector<Value>& more) {
  values.insert(values.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::string to_bytes(const Findings& findings) {
  Writer writer;
  writer.list(findings.boxes);
  writer.list(findings.masks, [&](const RunLengths& mask) {
    writer.put(mask.height_px);
    writer.put(mask.width_px);
    writer.list(mask.counts);
  });
  writer.list(findings.keypoints, [&](const std::vector<Keypoint>& keypoints) { writer.list(keypoints); });
  writer.list(findings.oriented);
  return writer.take();
}

Findings findings_from_bytes(const std::string& bytes) {
  Reader reader(bytes);
  Findings findings;
  findings.boxes = reader.list<Detection>();
  findings.masks = reader.list<RunLengths>([&] {
    RunLengths mask;
    mask.height_px = reader.get<std::int64_t>();
    mask.width_px = reader.get<std::int64_t>();
    mask.counts = reader.list<std::uint32_t>();
    return mask;
  });
  findings.keypoints = reader.list<std::vector<Keypoint>>([&] { return reader.list<Keypoint>(); });
  findings.oriented = reader.list<OrientedBox>();
  return findings;
}

void append(Findings& findings, Findings more) {
  append(findings.boxes, more.boxes);
  append(findings.masks, more.masks);
  append(findings.keypoints, more.keypoints);
  append(findings.oriented, more.oriented);
}

}  // namespace nibble

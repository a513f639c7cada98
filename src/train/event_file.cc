// SPDX-License-Identifier: Apache-2.0
// Protocol buffers' wire format (protobuf.dev, "Encoding"): a key is field << 3 | wire type; type 0 is a varint, 1 eight bytes,
// 2 a length and bytes, 5 four bytes. Used here:
//   Event    wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5 (Summary), session_log = 7
//   Summary  value = 1 (Value, repeated);  Value  tag = 1 (string), simple_value = 2 (float)
//   SessionLog  status = 1 (START is 1)
#include "train/event_file.h"

#include <fmt/format.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "nibble/error.h"
#include "train/crc32c.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

template <class Unsigned>
void append_little_endian(std::string& bytes, Unsigned value) {
  for (std::size_t i = 0; i < sizeof value; ++i) bytes.push_back(static_cast<char>((value >> (8 * i)) & 0xFFU));
}

void append_varint(std::string& bytes, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>((value & 0x7FU) | 0x80U));
  bytes.push_back(static_cast<char>(value));
}

enum class Wire : std::uint32_t { varint = 0, eight_bytes = 1, sized = 2, four_bytes = 5 };

void append_key(std::string& bytes, std::uint32_t field, Wire wire) { append_varint(bytes, field << 3 | static_cast<std::uint32_t>(wire)); }

void append_sized(std::string& bytes, std::uint32_t field, std::string_view content) {
  append_key(bytes, field, Wire::sized);
  append_varint(bytes, content.size());
  bytes += content;
}

/// Fields 1 and 2, which every event has; a step of 0 is the default and not written.
std::string event_at(double time_s, std::int64_t step) {
  std::string event;
  append_key(event, 1, Wire::eight_bytes);
  append_little_endian(event, std::bit_cast<std::uint64_t>(time_s));
  if (step == 0) return event;
  append_key(event, 2, Wire::varint);
  append_varint(event, static_cast<std::uint64_t>(step));
  return event;
}

std::string value_of(const std::string& tag, float number) {
  std::string value;
  append_sized(value, 1, tag);
  append_key(value, 2, Wire::four_bytes);
  append_little_endian(value, std::bit_cast<std::uint32_t>(number));
  return value;
}

/// A name that is not there yet: two processes or restarts may share a second.
fs::path free_name(const fs::path& folder, double time_s) {
  const std::string name = fmt::format("events.out.tfevents.{:010}.nibble", static_cast<std::int64_t>(time_s));
  for (int again = 0;; ++again) {
    const fs::path path = folder / (again == 0 ? name : fmt::format("{}.{:04}", name, again));
    std::error_code error;
    if (!fs::exists(path, error)) return path;
  }
}

}  // namespace

std::string record_of(std::string_view data) {
  std::string record;
  append_little_endian(record, static_cast<std::uint64_t>(data.size()));
  append_little_endian(record, masked_crc32c(record));
  record += data;
  append_little_endian(record, masked_crc32c(data));
  return record;
}

std::string version_event(double time_s) {
  std::string event = event_at(time_s, 0);
  append_sized(event, 3, "brain.Event:2");
  return event;
}

std::string session_event(double time_s, std::int64_t step) {
  constexpr std::string_view kStart("\x08\x01", 2);  // SessionLog: status = START
  std::string event = event_at(time_s, step);
  append_sized(event, 7, kStart);
  return event;
}

std::string scalar_event(double time_s, std::int64_t step, const Scalars& scalars) {
  std::string summary;
  for (const auto& [tag, number] : scalars) append_sized(summary, 1, value_of(tag, number));
  std::string event = event_at(time_s, step);
  append_sized(event, 5, summary);
  return event;
}

EventFile::EventFile(const fs::path& folder, double time_s, std::int64_t first_step) {
  std::error_code ignored;  // opening says what is wrong
  fs::create_directories(folder, ignored);
  path_ = free_name(folder, time_s);
  stream_.open(path_, std::ios::binary | std::ios::app);
  append(version_event(time_s));
  append(session_event(time_s, first_step));
}

void EventFile::add(double time_s, std::int64_t step, const Scalars& scalars) { append(scalar_event(time_s, step, scalars)); }

void EventFile::append(const std::string& event) {
  const std::string record = record_of(event);
  errno = 0;
  stream_.write(record.data(), static_cast<std::streamsize>(record.size())).flush();
  if (!stream_)
    throw Error(ErrorKind::environment, fmt::format("event file: {}: cannot be written: {}; check free space and permissions",
                                                    path_.string(), errno == 0 ? "unknown reason" : std::strerror(errno)));
}

}  // namespace nibble

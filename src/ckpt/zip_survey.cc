// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>

#include "ckpt/byte_reader.h"
#include "ckpt/zip.h"

namespace nibble {
namespace {

constexpr std::string_view kLocalMark("PK\3\4", 4);
constexpr std::string_view kDescriptorMark("PK\7\10", 4);
constexpr std::uint16_t kHasDescriptor = 8;  // sizes follow the content instead of preceding it

/// An entry begun at a local header: what the header tells and where the next record starts.
struct Step {
  ZipEntry entry;
  std::size_t next = 0;
  bool is_complete = false;
};

/// PyTorch writes sizes after the content: the descriptor that states exactly its own distance is the true one.
void find_descriptor(std::string_view text, Step& step) {
  const auto start = static_cast<std::size_t>(step.entry.offset);
  for (auto at = text.find(kDescriptorMark, start); at != std::string_view::npos; at = text.find(kDescriptorMark, at + 1)) {
    const auto bytes = std::as_bytes(std::span(text));
    if (text.size() - at < 16) return;
    ByteReader in(bytes, at + 4);
    const auto crc = in.number<std::uint32_t>();
    const bool is_short =
        ByteReader(bytes, at + 8).number<std::uint32_t>() == at - start && ByteReader(bytes, at + 12).number<std::uint32_t>() == at - start;
    const bool is_long = text.size() - at >= 24 && in.number<std::uint64_t>() == at - start && in.number<std::uint64_t>() == at - start;
    if (!is_short && !is_long) continue;
    step.entry.size = at - start;
    step.entry.crc32 = crc;
    step.next = at + (is_long ? 24 : 16);
    step.is_complete = true;
    return;
  }
}

/// Reads the local header at `at`; the text starts with its mark there.
Step read_step(std::string_view text, std::size_t at) {
  Step step;
  step.entry.header_offset = at;
  const std::size_t left = text.size() - at;
  if (left < 30) return step;
  ByteReader in(std::as_bytes(std::span(text)), at + 6);
  const auto flags = in.number<std::uint16_t>();
  in.take(6);
  step.entry.crc32 = in.number<std::uint32_t>();
  in.take(4);
  step.entry.size = in.number<std::uint32_t>();
  const auto name_bytes = in.number<std::uint16_t>();
  const auto extra_bytes = in.number<std::uint16_t>();
  if (in.remaining() < std::size_t{name_bytes} + extra_bytes) return step;
  step.entry.name = in.take(name_bytes);
  in.take(extra_bytes);
  step.entry.offset = in.position();
  if (flags & kHasDescriptor) {
    step.entry.size = 0;
    find_descriptor(text, step);
  } else if (step.entry.size <= in.remaining()) {
    step.next = in.position() + static_cast<std::size_t>(step.entry.size);
    step.is_complete = true;
  }
  return step;
}

}  // namespace

ZipSurvey survey_zip(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  ZipSurvey survey;
  for (std::size_t at = 0; text.substr(std::min(at, text.size())).starts_with(kLocalMark);) {
    const Step step = read_step(text, at);
    if (!step.is_complete) {
      survey.cut = step.entry;
      break;
    }
    survey.complete.insert_or_assign(step.entry.name, step.entry);
    survey.last = step.entry;
    at = step.next;
  }
  return survey;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "ckpt/legacy.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "ckpt/byte_reader.h"
#include "ckpt/text.h"
#include "nibble/error.h"

namespace nibble {
namespace {

using namespace std::string_view_literals;
using Bytes = std::span<const std::byte>;

/// Opcodes PROTO, LONG1: the number 0x1950a86a20f9469cfc6c.
constexpr auto kMagicNumber = "\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;
constexpr std::int64_t kVersion = 1001;
constexpr PickleLimits kSmall{.max_objects = 4096, .max_value_bytes = 1 << 20, .max_depth = 8};  // of everything but object and keys

[[noreturn]] void refuse(const std::string& why, ErrorKind kind = ErrorKind::input) { throw Error(kind, why); }

/// Pickles that follow each other.
class Pickles {
 public:
  Pickles(Bytes bytes, std::uint64_t max_bytes) : bytes_(bytes), max_bytes_(max_bytes) {}

  std::size_t position() const { return position_; }
  Unpickled next(const char* what, const PickleLimits& limits) {
    const auto rest = bytes_.subspan(position_);
    auto result = unpickle_first(rest.first(static_cast<std::size_t>(std::min<std::uint64_t>(rest.size(), max_bytes_))),
                                 fmt::format("{} at byte {}", what, position_), limits);
    position_ += result.used_bytes;
    return result;
  }

 private:
  Bytes bytes_;
  std::uint64_t max_bytes_;
  std::size_t position_ = 0;
};

void check_version(const PickleRef& value) {
  const auto* version = value->get_if<std::int64_t>();
  if (version == nullptr || *version != kVersion)
    refuse(fmt::format("the version of its form is {}, only {} is read", describe(value), kVersion), ErrorKind::unsupported);
}

void check_byte_order(const PickleRef& system) {
  const auto little = attribute_of(system, "little_endian");
  const auto* is_little = little == nullptr ? nullptr : little->get_if<bool>();
  if (is_little != nullptr && !*is_little) refuse("it was written by a big-endian machine", ErrorKind::unsupported);
}

}  // namespace

bool is_legacy_file(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return text.size() > 2 && text[0] == '\x80' && text.substr(2).starts_with(kMagicNumber);
}

LegacyFile read_legacy_file(Bytes bytes, std::uint64_t max_pickle_bytes, const PickleLimits& limits) {
  Pickles pickles(bytes, max_pickle_bytes);
  pickles.next("the magic number", kSmall);
  check_version(pickles.next("the version", kSmall).root);
  check_byte_order(pickles.next("the description of the system", kSmall).root);
  LegacyFile file;
  file.content = pickles.next("the pickle", limits);
  const auto keys = pickles.next("the list of storages", limits).root;
  const auto* list = keys->get_if<PickleList>();
  if (list == nullptr) refuse(fmt::format("the list of storages is {}", describe(keys)));
  ByteReader in(bytes, pickles.position());
  for (const auto& item : list->items) {
    const auto* key = item->get_if<std::string>();
    if (key == nullptr) refuse(fmt::format("the key of a storage is {}", describe(item)));
    const auto known = file.content.storages.find(*key);
    if (known == file.content.storages.end()) refuse(fmt::format("nothing refers to the storage {}", in_quotes(*key)));
    const auto elements = in.number<std::int64_t>();
    if (elements != known->second.elements)
      refuse(fmt::format("storage {} has {} elements at byte {}, its tensors need {}", in_quotes(*key), elements, in.position() - 8,
                         known->second.elements));
    const LegacyFile::Place place{in.position(), known->second.bytes};
    in.take(place.size);
    if (!file.storages.emplace(*key, place).second) refuse(fmt::format("storage {} is there twice", in_quotes(*key)));
  }
  if (in.remaining() != 0) refuse(fmt::format("{} bytes follow the last storage", in.remaining()));
  return file;
}

}  // namespace nibble

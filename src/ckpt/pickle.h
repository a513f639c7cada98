// SPDX-License-Identifier: Apache-2.0
// Pickle protocols 0 to 5 as data. Nothing is imported, made or called: a class is its name, an instance its name,
// arguments and state. Format: Python's Lib/pickletools.py documentation and PEP 307, 3154, 574.
// What torch.save puts into a pickle becomes PickleTensor; dict, OrderedDict, set become dict and set.
// Not read: persistent ids in text form, extension codes, out-of-band buffers (torch.save writes none of them).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>

#include "ckpt/value.h"

namespace nibble {

struct PickleLimits {
  std::uint64_t max_objects = 8U << 20;
  std::uint64_t max_value_bytes = 1 << 30;
  std::uint32_t max_depth = 1000;
};

/// What a pickle says of a storage that it refers to.
struct PickleStorage {
  std::int64_t elements = 0;
  std::uint64_t bytes = 0;
};

struct Unpickled {
  PickleRef root;
  std::set<std::string> globals;                  ///< "module name"
  std::map<std::string, PickleStorage> storages;  ///< by key; of two that contradict each other, the later one
  std::size_t used_bytes = 0;                     ///< up to and with STOP
};

/// Error(input or unsupported) that starts with `where` and names byte offset and opcode. Bytes after STOP are refused.
Unpickled unpickle(std::span<const std::byte> bytes, const std::string& where, const PickleLimits& limits = {});
/// The same of bytes that go on after STOP.
Unpickled unpickle_first(std::span<const std::byte> bytes, const std::string& where, const PickleLimits& limits = {});

}  // namespace nibble

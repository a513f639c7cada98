// SPDX-License-Identifier: Apache-2.0
// torch.save before PyTorch 1.6, or with _use_new_zipfile_serialization=False: pickles of a magic number, a protocol version, facts
// about the system, the object and the keys of its storages; then, in the order of the keys, each storage as a 64-bit number of
// elements and its bytes. Format: torch/serialization.py, _legacy_save and _legacy_load.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "ckpt/pickle.h"

namespace nibble {

struct LegacyFile {
  Unpickled content;
  struct Place {
    std::uint64_t offset = 0, size = 0;
  };
  std::map<std::string, Place> storages;  ///< by key; inside the file, one behind the other
};

bool is_legacy_file(std::span<const std::byte> bytes);

/// Error(input, or unsupported for big-endian files and other versions) with place, expected and found; the caller adds the path.
/// There is no checksum: damaged weights cannot be told.
LegacyFile read_legacy_file(std::span<const std::byte> bytes, std::uint64_t max_pickle_bytes, const PickleLimits& limits);

}  // namespace nibble

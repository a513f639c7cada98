// SPDX-License-Identifier: Apache-2.0
// What fuzz targets share: a folder for the files of one input, and which ends are findings.
#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/temporary.h"
#include "nibble/error.h"

namespace nibble::test {

/// Empty at the start, removed at the end.
inline const std::filesystem::path& fuzz_folder() {
  static const TemporaryFolder folder;
  return folder.path();
}

/// The input as the file `name` of that folder, over the one before: nobody else reads it, so that it need not be complete at any moment.
inline std::filesystem::path fuzz_file(const char* name, std::string_view bytes) {
  auto path = fuzz_folder() / name;
  std::ofstream stream(path, std::ios::binary);
  if (!(stream << bytes << std::flush)) __builtin_trap();
  return path;
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

/// Runs `read`. A refusal is a good end; an internal error, or any other exception, is a finding.
template <class Read>
int expect_refusal_or_success(const Read& read) {
  try {
    read();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal) __builtin_trap();
  }
  return 0;
}

}  // namespace nibble::test

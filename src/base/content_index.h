// SPDX-License-Identifier: Apache-2.0
// Which files hold the same bytes, whatever they are called.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

namespace nibble {

/// Some files, by content. Sizes are compared first, so that only files of equal size are read, each once: thousands of images cost their
/// directory entries and a few hashes (SHA-256).
class ContentIndex {
 public:
  /// Files that cannot be read hold nothing and equal no other.
  explicit ContentIndex(const std::vector<std::filesystem::path>& files);

  /// Whether one of the files has the bytes of `file`. False where it cannot be read.
  bool contains(const std::filesystem::path& file);

 private:
  struct Entry {
    std::filesystem::path file, real_path;
    std::string sha256;  ///< empty until it is asked for; "-" where the file cannot be read
  };
  std::unordered_map<std::uintmax_t, std::vector<Entry>> by_size_;
};

}  // namespace nibble

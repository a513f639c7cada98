// SPDX-License-Identifier: Apache-2.0
#include "base/content_index.h"

#include <system_error>

#include "base/files.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

constexpr const char* kUnreadable = "-";

/// Of a regular file; false where there is none.
bool find_size(const fs::path& file, std::uintmax_t& size) {
  std::error_code failed;
  size = fs::file_size(file, failed);
  return !failed;
}

/// Links resolved; the path itself where that fails.
fs::path real_path(const fs::path& file) {
  std::error_code failed;
  const fs::path real = fs::canonical(file, failed);
  return failed ? file : real;
}

std::string hash_of(const fs::path& file) {
  try {
    return sha256_of_file(file);
  } catch (const Error&) {
    return kUnreadable;
  }
}

}  // namespace

ContentIndex::ContentIndex(const std::vector<fs::path>& files) {
  for (const auto& file : files)
    if (std::uintmax_t size = 0; find_size(file, size)) by_size_[size].push_back({file, {}, {}});
}

bool ContentIndex::contains(const fs::path& file) {
  std::uintmax_t size = 0;
  const auto found = find_size(file, size) ? by_size_.find(size) : by_size_.end();
  if (found == by_size_.end()) return false;
  const fs::path real = real_path(file);
  for (Entry& entry : found->second) {
    if (entry.real_path.empty()) entry.real_path = real_path(entry.file);
    if (entry.real_path == real) return true;
  }
  const std::string hash = hash_of(file);
  for (Entry& entry : found->second) {
    if (entry.sha256.empty()) entry.sha256 = hash_of(entry.file);
    if (entry.sha256 == hash && hash != kUnreadable) return true;
  }
  return false;
}

}  // namespace nibble

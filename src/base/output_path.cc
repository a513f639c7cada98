// SPDX-License-Identifier: Apache-2.0
#include "base/output_path.h"

#include <fmt/format.h>

#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

/// Files that do not exist yet are compared by name.
bool is_same_file(const fs::path& a, const fs::path& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code code;
  if (fs::equivalent(a, b, code)) return true;
  std::error_code a_code, b_code;
  const auto a_name = fs::weakly_canonical(fs::absolute(a, a_code), a_code), b_name = fs::weakly_canonical(fs::absolute(b, b_code), b_code);
  return !a_code && !b_code && a_name == b_name;
}

}  // namespace

void refuse_same_file(const fs::path& output, const std::vector<fs::path>& others) {
  for (const auto& other : others)
    if (is_same_file(output, other))
      throw Error(ErrorKind::usage, fmt::format("output would overwrite a file in use: {}: is the same file as {}; give another name",
                                                output.string(), other.string()));
}

void require_can_be_folder(const fs::path& folder) {
  std::error_code code;
  const auto status = fs::status(folder, code);
  if (fs::exists(status) && !fs::is_directory(status))
    throw Error(ErrorKind::usage, fmt::format("output folder: {}: is a file; give a folder", folder.string()));
}

}  // namespace nibble

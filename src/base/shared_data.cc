// SPDX-License-Identifier: Apache-2.0
#include "base/shared_data.h"

#include <fmt/format.h>

#include "base/library_folder.h"
#include "base/locations.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;

bool is_build_folder(const fs::path& folder) {
  std::error_code error;
  return fs::equivalent(folder, NIBBLE_BINARY_DIR, error);
}

std::vector<fs::path> shared_data_places(const std::string& relative, const fs::path& library_folder) {
  if (const auto chosen = chosen_locations().data; !chosen.empty()) return {chosen / relative};
  std::vector<fs::path> places{library_folder.parent_path().parent_path() / "share" / "nibble" / relative};
  if (is_build_folder(library_folder)) places.push_back(fs::path(NIBBLE_SOURCE_DIR) / relative);
  return places;
}

fs::path shared_data(const std::string& relative) {
  std::string tried;
  for (const auto& path : shared_data_places(relative, library_folder())) {
    std::error_code error;
    if (fs::exists(path, error)) return path;
    tried += fmt::format("{}{}", tried.empty() ? "" : ", ", path.string());
  }
  throw Error(ErrorKind::environment,
              fmt::format("missing data of nibble: {}: not at {}; install it again or name the file yourself", relative, tried));
}

}  // namespace nibble

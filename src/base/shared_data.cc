// SPDX-License-Identifier: Apache-2.0
#include "base/shared_data.h"

#include <fmt/format.h>

#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;

fs::path shared_data(const std::string& relative) {
  std::error_code error;
  const fs::path executable = fs::read_symlink("/proc/self/exe", error);
  const fs::path installed = executable.parent_path().parent_path() / "share" / "nibble" / relative;
  const fs::path source = fs::path(NIBBLE_SOURCE_DIR) / relative;
  for (const auto& path : {installed, source})
    if (fs::exists(path, error)) return path;
  throw Error(ErrorKind::environment,
              fmt::format("missing data of nibble: {}: neither {} nor {} exists; install it again or name the file yourself", relative,
                          installed.string(), source.string()));
}

}  // namespace nibble

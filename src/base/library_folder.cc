// SPDX-License-Identifier: Apache-2.0
#include "base/library_folder.h"

#include <dlfcn.h>

#include <system_error>

namespace nibble {
namespace fs = std::filesystem;

fs::path library_folder() {
  static const char here = 0;  // any address inside this library
  Dl_info info{};
  if (dladdr(&here, &info) == 0 || !info.dli_fname) return {};
  std::error_code error;
  const fs::path file = fs::canonical(info.dli_fname, error);
  return error ? fs::path() : file.parent_path();
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// A file that is written beside another one and removed when the scope ends, unless it was told to take the other's place.
#pragma once
#include <filesystem>
#include <system_error>

#include "base/leftovers.h"
#include "nibble/error.h"

namespace nibble {

struct ScratchFile {
  explicit ScratchFile(const std::filesystem::path& path) : at(temporary_beside(path)), for_(path) {}
  ~ScratchFile() {
    std::error_code ignored;
    std::filesystem::remove(at, ignored);
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  /// Takes the place of the file it was made for. Error(environment) when the system refuses.
  void keep() const {
    std::error_code code;
    std::filesystem::rename(at, for_, code);
    if (code) throw Error(ErrorKind::environment, "cannot write file: " + for_.string() + ": " + code.message());
  }

  const std::filesystem::path at;

 private:
  const std::filesystem::path for_;
};

}  // namespace nibble

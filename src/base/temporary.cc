// SPDX-License-Identifier: Apache-2.0
#include "base/temporary.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void fail(const std::string& folder, const std::string& reason) {
  throw Error(ErrorKind::environment,
              fmt::format("temporary files: {}: {}; set TMPDIR to a folder that can be written to", folder, reason));
}

/// For mkdtemp and mkstemp, which fill in the end.
std::string name_template() { return (folder_for_temporaries() / "nibble-XXXXXX").string(); }

}  // namespace

fs::path folder_for_temporaries() {
  std::error_code code;
  fs::path folder = fs::temp_directory_path(code);
  if (!code) return folder;
  const char* named = std::getenv("TMPDIR");
  fail(named ? named : "/tmp", code.message());
}

TemporaryFolder::TemporaryFolder() {
  std::string name = name_template();
  if (!mkdtemp(name.data())) fail(fs::path(name).parent_path().string(), std::strerror(errno));
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

OpenFile open_temporary_file() {
  std::string name = name_template();
  const int descriptor = mkstemp(name.data());
  if (descriptor < 0) fail(fs::path(name).parent_path().string(), std::strerror(errno));
  ::unlink(name.c_str());
  OpenFile file(::fdopen(descriptor, "w+b"), std::fclose);
  if (file) return file;
  const int reason = errno;
  ::close(descriptor);
  fail(fs::path(name).parent_path().string(), std::strerror(reason));
}

bool free_part(std::FILE* file, std::int64_t offset_bytes, std::int64_t bytes) {
  return ::fallocate(::fileno(file), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_bytes, bytes) == 0;
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>

#include "base/leftovers.h"
#include "base/suggestion.h"
#include "base/temporary.h"
#include "nibble/error.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

std::string reason_of(int error_number) { return error_number == 0 ? "unknown reason" : std::strerror(error_number); }

[[noreturn]] void throw_unreadable(const fs::path& path, const std::string& reason) {
  throw Error(ErrorKind::input, fmt::format("cannot read file: {}: {}; check the path", path.string(), reason));
}

[[noreturn]] void throw_unwritable(const fs::path& path, const std::string& reason) {
  throw Error(ErrorKind::environment,
              fmt::format("cannot write file: {}: {}; check free space and permissions, or {}", path.string(), reason,
                          is_in_temporary_folder(path) ? "set TMPDIR to another folder" : "choose another folder"));
}

std::ifstream open_for_reading(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) throw_unreadable(path, "is a folder, a file is expected");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (stream) return stream;
  if (errno == ENOENT) throw_missing_file(path, "cannot read file");
  throw_unreadable(path, reason_of(errno));
}

void make_parent_folders(const fs::path& path) {
  if (!path.has_parent_path()) return;
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) throw_unwritable(path, fmt::format("its folder cannot be made: {}", error.message()));
}

/// The process in "<name>.<process>-<count>.part"; 0 for other names.
pid_t writer_of(const std::string& name) {
  constexpr std::string_view kEnd = ".part";
  if (!name.ends_with(kEnd)) return 0;
  const auto dot = name.find_last_of('.', name.size() - kEnd.size() - 1);
  if (dot == std::string::npos || dot == 0) return 0;
  const char* const end = name.data() + name.size() - kEnd.size();
  pid_t process = 0;
  unsigned count = 0;
  const auto first = std::from_chars(name.data() + dot + 1, end, process);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return 0;
  const auto second = std::from_chars(first.ptr + 1, end, count);
  return second.ec == std::errc{} && second.ptr == end && process > 0 ? process : 0;
}

/// Once for each folder: a run writes hundreds of files into one.
void remove_leftovers_once(const fs::path& folder) {
  static std::mutex mutex;
  static std::set<std::string> seen;
  {
    const std::lock_guard lock(mutex);
    if (!seen.insert(folder.string()).second) return;
  }
  remove_leftovers(folder);
}

/// Removes the temporary unless it was renamed away.
struct TemporaryFile {
  fs::path path;
  explicit TemporaryFile(fs::path name) : path(std::move(name)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    if (!path.empty()) fs::remove(path, ignored);
  }
};

void produce_into(const fs::path& temporary, const fs::path& path, const std::function<void(std::ostream&)>& produce) {
  errno = 0;
  std::ofstream stream(temporary, std::ios::binary | std::ios::trunc);
  if (!stream) throw_unwritable(path, reason_of(errno));
  produce(stream);
  stream.flush();
  if (!stream) throw_unwritable(path, reason_of(errno));
  stream.close();
  if (!stream) throw_unwritable(path, reason_of(errno));
}

/// `path` (a file or a folder) is on the disk when this returns; `written` is named in the error.
void sync_to_disk(const fs::path& path, const fs::path& written) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw_unwritable(written, reason_of(errno));
  const int result = ::fsync(descriptor);
  const int error_number = errno;
  ::close(descriptor);
  if (result != 0) throw_unwritable(written, reason_of(error_number));
}

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) != 1) fail();
  }
  void add(const void* data, std::size_t size) {
    if (EVP_DigestUpdate(context_.get(), data, size) != 1) fail();
  }
  std::string hexadecimal() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(context_.get(), digest.data(), &size) != 1) fail();
    std::string text;
    for (unsigned i = 0; i < size; ++i) text += fmt::format("{:02x}", digest[i]);
    return text;
  }

 private:
  [[noreturn]] static void fail() { throw Error(ErrorKind::environment, "sha256: OpenSSL: the digest is not available"); }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

fs::file_type type_of(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (!fs::status_known(status)) throw_unreadable(path, error.message());
  return status.type();
}

void write_and_rename(const fs::path& asked, const std::function<void(std::ostream&)>& produce, bool durably) {
  std::error_code status_error;
  const fs::file_status status = fs::status(asked, status_error);
  if (fs::exists(status) && !fs::is_regular_file(status))  // renaming over a device or pipe would replace it
    throw Error(ErrorKind::usage, fmt::format("file: {}: is not a regular file; name a file to write", asked.string()));
  const fs::path path =
      fs::is_symlink(fs::symlink_status(asked, status_error)) && fs::exists(status) ? fs::canonical(asked, status_error) : asked;
  make_parent_folders(path);
  remove_leftovers_once(path.has_parent_path() ? path.parent_path() : fs::path("."));
  TemporaryFile temporary(temporary_beside(path));
  produce_into(temporary.path, path, produce);
  if (durably) sync_to_disk(temporary.path, path);
  std::error_code error;
  fs::rename(temporary.path, path, error);
  if (error) throw_unwritable(path, error.message());
  temporary.path.clear();
  if (durably) sync_to_disk(path.has_parent_path() ? path.parent_path() : fs::path("."), path);
}

}  // namespace

void throw_missing_file(const fs::path& path, const std::string& what) {
  if (seems_there(path))
    throw Error(ErrorKind::input, fmt::format("{}: {}: is {}; expected a file", what, path.string(),
                                              fs::is_directory(path) ? "a folder" : "a pipe, socket or device"));
  throw Error(ErrorKind::input, fmt::format("{}: {}: no such file; check the path{}", what, path.string(), suggestion_for_path(path)));
}

bool is_file(const fs::path& path) { return type_of(path) == fs::file_type::regular; }
bool is_folder(const fs::path& path) { return type_of(path) == fs::file_type::directory; }

bool seems_there(const fs::path& path) {
  std::error_code code;
  return fs::exists(path, code);
}

bool seems_file(const fs::path& path) {
  std::error_code code;
  return fs::is_regular_file(path, code);
}

std::string lower_extension(const fs::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool is_yaml(const fs::path& path) { return path.extension() == ".yaml" || path.extension() == ".yml"; }

std::string read_file(const fs::path& path) {
  auto stream = open_for_reading(path);
  std::string content;
  std::array<char, 1 << 16> buffer;
  while (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0)
    content.append(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) throw_unreadable(path, reason_of(errno));
  return content;
}

void write_file(const fs::path& path, std::string_view content) {
  write_file(path, [content](std::ostream& stream) { stream.write(content.data(), static_cast<std::streamsize>(content.size())); });
}

void write_file(const fs::path& path, const std::function<void(std::ostream&)>& produce) { write_and_rename(path, produce, false); }

void write_file_durably(const fs::path& path, const std::function<void(std::ostream&)>& produce) { write_and_rename(path, produce, true); }

fs::path temporary_beside(const fs::path& path) {
  static std::atomic<unsigned> counter{0};
  fs::path name = path;
  name += fmt::format(".{}-{}.part", ::getpid(), counter.fetch_add(1));
  return name;
}

void remove_leftovers(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const pid_t writer = writer_of(it->path().filename().string());
    std::error_code ignored;
    if (writer > 0 && ::kill(writer, 0) != 0 && errno == ESRCH) fs::remove(it->path(), ignored);
  }
}

std::string sha256_of_file(const fs::path& path) {
  auto stream = open_for_reading(path);
  Sha256 digest;
  std::array<char, 1 << 16> buffer;
  while (stream.read(buffer.data(), buffer.size()) || stream.gcount() > 0)
    digest.add(buffer.data(), static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) throw_unreadable(path, reason_of(errno));
  return digest.hexadecimal();
}

std::string sha256_of(std::span<const std::byte> bytes) {
  Sha256 digest;
  digest.add(bytes.data(), bytes.size());
  return digest.hexadecimal();
}

}  // namespace nibble

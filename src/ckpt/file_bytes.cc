// SPDX-License-Identifier: Apache-2.0
#include "ckpt/file_bytes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "base/files.h"
#include "nibble/error.h"

namespace nibble {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why, const char* advice) {
  throw Error(ErrorKind::input, fmt::format("checkpoint: {}: {}; {}", path.string(), why, advice));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

/// Size of a regular file that may be read.
std::size_t checked_size(const Descriptor& file, const std::filesystem::path& path, std::uint64_t max_bytes) {
  struct stat status {};
  if (::fstat(file.number(), &status) != 0) refuse(path, std::strerror(errno), "check the path");
  if (S_ISDIR(status.st_mode)) refuse(path, "this is a folder", "name the .pt file in it");
  if (!S_ISREG(status.st_mode)) refuse(path, "this is not a regular file", "copy the checkpoint to a file first");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > max_bytes) refuse(path, fmt::format("{} bytes are more than the limit of {}", size, max_bytes), "is this a checkpoint?");
  return static_cast<std::size_t>(size);
}

std::shared_ptr<std::byte[]> memory_for(const std::filesystem::path& path, std::size_t size) {
  try {
    return std::make_shared_for_overwrite<std::byte[]>(size);
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::environment,
                fmt::format("checkpoint: {}: its {} bytes do not fit into memory; close other programs or use a machine "
                            "with more",
                            path.string(), size));
  }
}

/// All `bytes` of the file, or an error: another program may shorten it at any moment.
void read_all(const Descriptor& file, const std::filesystem::path& path, std::span<std::byte> bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const auto count = ::read(file.number(), bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) refuse(path, std::strerror(errno), "check the disk");
    if (count == 0)
      refuse(path, fmt::format("it became shorter while it was read: {} of {} bytes", done, bytes.size()),
             "wait until it is written, or copy it first");
    done += static_cast<std::size_t>(count);
  }
}

}  // namespace

FileBytes read_bytes(const std::filesystem::path& path, std::uint64_t max_bytes) {
  // O_NONBLOCK: opening a named pipe must not wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number() < 0 && errno == ENOENT) throw_missing_file(path, "checkpoint");
  if (file.number() < 0) refuse(path, std::strerror(errno), "check the path and its permissions");
  const std::size_t size = checked_size(file, path, max_bytes);
  const auto memory = memory_for(path, size);
  read_all(file, path, {memory.get(), size});
  return {path, memory, {memory.get(), size}};
}

FileBytes hold_bytes(std::string content, const std::filesystem::path& name) {
  const auto owner = std::make_shared<const std::string>(std::move(content));
  return {name, owner, std::as_bytes(std::span(*owner))};
}

}  // namespace nibble

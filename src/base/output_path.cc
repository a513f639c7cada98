// SPDX-License-Identifier: Apache-2.0
#include "base/output_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/leftovers.h"
#include "base/named_inputs.h"
#include "base/size_text.h"
#include "nibble/error.h"
#include "nibble/unwritten.h"

namespace nibble {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::usage, message); }

/// Without links and detours as far as it exists; empty where that cannot be told.
fs::path real_path(const fs::path& path) {
  std::error_code code;
  const auto absolute = fs::absolute(path, code);
  auto real = code ? fs::path() : fs::weakly_canonical(absolute, code);
  if (code) return {};
  return real.has_filename() ? real : real.parent_path();
}

/// Files that do not exist yet are compared by name.
bool is_same_file(const fs::path& a, const fs::path& b) {
  if (a.empty() || b.empty()) return false;
  std::error_code code;
  if (fs::equivalent(a, b, code)) return true;
  const auto a_name = real_path(a), b_name = real_path(b);
  return !a_name.empty() && a_name == b_name;
}

fs::file_status status_of(const fs::path& path) {
  std::error_code code;
  return fs::status(path, code);
}

// ---- would something that is read be destroyed?

[[noreturn]] void refuse_input(const fs::path& output, const fs::path& input) {
  refuse(
      fmt::format("output would overwrite a file in use: {}: is the same file as {}; give another name", output.string(), input.string()));
}

bool has_other_names(const fs::path& file) {
  std::error_code code;
  return fs::hard_link_count(file, code) > 1 && !code;
}

void refuse_file_of_folder(const fs::path& output, const fs::path& folder) {
  if (lies_in(output, folder) && is_data_file(output))
    refuse(fmt::format("output would overwrite a file in use: {}: lies in {}, which is read; give another name", output.string(),
                       folder.string()));
  if (!has_other_names(output)) return;
  std::error_code code;
  for (fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, code), end; !code && it != end;
       it.increment(code))
    if (is_same_file(output, it->path())) refuse_input(output, it->path());
}

/// Only what is there can be destroyed.
void refuse_named_inputs(const fs::path& output, const std::vector<fs::path>& inputs) {
  if (output.empty() || !fs::is_regular_file(status_of(output))) return;
  for (const auto& input : inputs)
    for (const auto& named : named_by(input)) {
      if (is_same_file(output, named)) refuse_input(output, named);
      if (fs::is_directory(status_of(named))) refuse_file_of_folder(output, named);
    }
}

/// What commands write beside each other, by extension: a checkpoint or a recipe may lie there.
bool is_written_kind(const fs::path& file) {
  static constexpr std::array<std::string_view, 4> kWritten = {".onnx", ".json", ".csv", ".snapshot"};
  return std::find(kWritten.begin(), kWritten.end(), file.extension().string()) != kWritten.end();
}

bool is_written_in(const OutputFolder& folder, const fs::path& input) {
  if (folder.prefix->empty()) return lies_in(input, folder.path);
  const auto parent = input.has_parent_path() ? input.parent_path() : fs::path(".");
  return is_same_file(parent, folder.path) && input.filename().string().starts_with(*folder.prefix) && is_written_kind(input);
}

void refuse_input_in(const OutputFolder& folder, const std::vector<fs::path>& inputs) {
  if (!folder.prefix) return;
  for (const auto& input : inputs)
    if (fs::is_regular_file(status_of(input)) && is_written_in(folder, input))
      refuse(fmt::format("output would overwrite a file in use: {}: lies in {}, where files of such names are written; give another folder",
                         input.string(), folder.path.string()));
}

// ---- can it be written?

[[noreturn]] void throw_unwritable(const fs::path& place, const std::string& reason) {
  throw Error(ErrorKind::environment,
              fmt::format("cannot write: {}: {}; check free space and permissions, or choose another place", place.string(), reason));
}

/// The folder itself, or the nearest one above it that is there. Error(usage) where that is a file.
fs::path nearest_folder(const fs::path& folder, const fs::path& output) {
  fs::path at = folder.empty() ? fs::path(".") : folder;
  while (true) {
    const auto status = status_of(at);
    if (fs::is_directory(status)) return at;
    if (fs::exists(status))
      refuse(fmt::format("output: {}: {} is a file where a folder is needed; choose another place", output.string(), at.string()));
    const auto above = at.has_filename() ? at.parent_path() : at.parent_path().parent_path();
    if (above == at) return at;
    at = above.empty() ? fs::path(".") : above;
  }
}

/// A small file is written into the folder and removed.
void try_folder(const fs::path& folder, const fs::path& output) {
  std::string name = (folder / ".nibble-XXXXXX").string();
  const int descriptor = ::mkstemp(name.data());
  if (descriptor < 0) throw_unwritable(output, fmt::format("folder {}: {}", folder.string(), std::strerror(errno)));
  constexpr std::array<char, 4096> kPage{};
  const auto written = ::write(descriptor, kPage.data(), kPage.size());
  const bool fits = written == static_cast<ssize_t>(kPage.size());
  const int reason = written < 0 ? errno : ENOSPC;
  ::close(descriptor);
  ::unlink(name.c_str());
  if (!fits) throw_unwritable(output, fmt::format("folder {}: {}", folder.string(), std::strerror(reason)));
}

/// Where a file of that name ends up: behind symbolic links.
fs::path written_path(const fs::path& output) {
  std::error_code code;
  if (!fs::is_symlink(fs::symlink_status(output, code))) return output;
  const auto real = fs::weakly_canonical(output, code);
  return code ? output : real;
}

/// What the program prints would be lost, with all that is in the file.
void refuse_own_streams(const fs::path& output) {
  struct stat file {};
  if (::stat(output.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return;
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat stream {};
    if (::fstat(descriptor, &stream) == 0 && stream.st_dev == file.st_dev && stream.st_ino == file.st_ino)
      refuse(fmt::format("output: {}: is the file that standard {} goes to; give another name", output.string(),
                         descriptor == STDOUT_FILENO ? "output" : "error"));
  }
}

/// A file is written under a longer name beside its own, then renamed.
void try_name(const fs::path& output) {
  const auto temporary = temporary_beside(output);
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor < 0) throw_unwritable(output, std::strerror(errno));
  ::close(descriptor);
  ::unlink(temporary.c_str());
  struct stat file {
  }, folder{};
  const auto parent = output.has_parent_path() ? output.parent_path() : fs::path(".");
  if (::geteuid() == 0 || ::lstat(output.c_str(), &file) != 0 || ::stat(parent.c_str(), &folder) != 0) return;
  const bool is_sticky = (folder.st_mode & S_ISVTX) != 0 && file.st_uid != ::geteuid() && folder.st_uid != ::geteuid();
  if (is_sticky) throw_unwritable(output, "belongs to another user, in a folder where only its owner may replace it");
}

void try_output(const fs::path& output) {
  refuse_own_streams(output);
  const auto status = status_of(output);
  if (fs::is_directory(status)) refuse(fmt::format("output: {}: is a folder; name a file to write", output.string()));
  if (fs::exists(status) && !fs::is_regular_file(status))
    refuse(fmt::format("output: {}: is not a regular file; name a file to write", output.string()));
  if (!output.has_filename()) refuse(fmt::format("output: {}: names a folder; name a file to write", output.string()));
  const auto written = written_path(output), parent = written.parent_path(), nearest = nearest_folder(parent, output);
  try_folder(nearest, output);
  if (parent.empty() || nearest == parent) try_name(written);
}

void try_log(const fs::path& log) {
  const auto status = status_of(log);
  if (fs::is_directory(status)) refuse(fmt::format("log: {}: is a folder; name a file to write", log.string()));
  if (!fs::exists(status)) return try_output(log);
  const int descriptor = ::open(log.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) throw_unwritable(log, std::strerror(errno));
  ::close(descriptor);
}

void try_output_folder(const fs::path& folder) {
  require_can_be_folder(folder);
  try_folder(nearest_folder(folder, folder), folder);
}

std::vector<fs::path> without_empty(const std::vector<fs::path>& paths) {
  std::vector<fs::path> kept;
  std::copy_if(paths.begin(), paths.end(), std::back_inserter(kept), [](const auto& path) { return !path.empty(); });
  return kept;
}

}  // namespace

void refuse_same_file(const fs::path& output, const std::vector<fs::path>& others) {
  for (const auto& other : others)
    if (is_same_file(output, other)) refuse_input(output, other);
}

void require_can_be_folder(const fs::path& folder) {
  const auto status = status_of(folder);
  if (fs::exists(status) && !fs::is_directory(status)) refuse(fmt::format("output folder: {}: is a file; give a folder", folder.string()));
}

void require_onnx_name(const fs::path& output) {
  if (output.extension() == ".onnx") return;
  const auto name = output.lexically_normal().string();
  refuse(fmt::format("output file: {}: a model's file is called *.onnx; give {}.onnx, or {} for a file in a folder", name,
                     name.ends_with('/') ? name.substr(0, name.size() - 1) : name, (output / "model.onnx").lexically_normal().string()));
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  const auto inner = real_path(path), outer = real_path(folder);
  if (inner.empty() || outer.empty()) return false;
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

void check_paths(const CommandPaths& paths) {
  const auto inputs = without_empty(paths.inputs);
  auto files = without_empty(paths.outputs);
  const auto replaced = files.size();
  for (const auto& log : without_empty(paths.logs)) files.push_back(log);
  for (std::size_t i = 0; i < files.size(); ++i) {
    refuse_same_file(files[i], inputs);
    refuse_same_file(files[i], {files.begin(), files.begin() + static_cast<std::ptrdiff_t>(i)});
    refuse_named_inputs(files[i], inputs);
  }
  for (const auto& folder : paths.folders)
    if (!folder.path.empty()) refuse_input_in(folder, inputs);
  for (std::size_t i = 0; i < files.size(); ++i) i < replaced ? try_output(files[i]) : try_log(files[i]);
  for (const auto& folder : paths.folders)
    if (!folder.path.empty()) try_output_folder(folder.path);
}

void require_free_space(const fs::path& place, std::int64_t bytes) {
  std::error_code code;
  const auto folder = fs::is_directory(place, code) ? place : nearest_folder(place.parent_path(), place);
  struct statvfs found {};
  if (::statvfs(folder.c_str(), &found) != 0) return;
  const auto free_bytes = static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
  if (bytes > 0 && free_bytes < static_cast<std::uint64_t>(bytes))
    throw Error(ErrorKind::environment,
                fmt::format("disk too full: {}: {} are free, at least {} will be written; free space or choose another place",
                            folder.string(), size_text(static_cast<std::int64_t>(free_bytes)), size_text(bytes)));
}

void write_or_show(const std::string& result, const std::vector<std::function<void()>>& writers) {
  std::optional<Error> first;
  for (const auto& write : writers) {
    try {
      write();
    } catch (const Error& error) {
      if (!first) first = error;
    }
  }
  if (first) throw UnwrittenResult(*first, result);
}

}  // namespace nibble

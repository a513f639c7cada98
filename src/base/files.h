// SPDX-License-Identifier: Apache-2.0
// Files: whole-file reading, and writing that leaves either the old file or the complete new one.
#pragma once
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

namespace nibble {

/// Whether `path` exists and is a regular file, or a folder; links are followed. Error(input) naming path and reason where that cannot be
/// told (no permission, a loop of links).
bool is_file(const std::filesystem::path& path);
bool is_folder(const std::filesystem::path& path);

/// Whether something, or a regular file, is there; false also where that cannot be told, so that what is done next with it says why.
bool seems_there(const std::filesystem::path& path);
bool seems_file(const std::filesystem::path& path);

/// ".jpg" of "a.JPG"; empty without one.
std::string lower_extension(const std::filesystem::path& path);

/// Error(input) "<what>: <path>: no such file; ...", with the file that was probably meant.
[[noreturn]] void throw_missing_file(const std::filesystem::path& path, const std::string& what);

/// Whether the extension is that of a YAML file, as a data.yaml has it.
bool is_yaml(const std::filesystem::path& path);

/// Error(input) naming the path if it cannot be read.
std::string read_file(const std::filesystem::path& path);

/// Writes to a temporary beside `path`, then renames. Makes parent folders. Error(environment) naming the path when
/// the disk is full or the folder not writable; nothing is left behind then.
void write_file(const std::filesystem::path& path, std::string_view content);
/// The same for content that is produced piece by piece.
void write_file(const std::filesystem::path& path, const std::function<void(std::ostream&)>& produce);
/// The same, and on the disk (fsync of file and folder) when it returns: the machine may lose power at any moment and either
/// the old file or the new one is there. Slower; for ONNX files, manifests of runs and snapshots of trainings.
void write_file_durably(const std::filesystem::path& path, const std::function<void(std::ostream&)>& produce);

/// Lower-case hexadecimal SHA-256 (FIPS 180-4), streamed; 64 characters.
std::string sha256_of_file(const std::filesystem::path& path);
std::string sha256_of(std::span<const std::byte> bytes);

}  // namespace nibble

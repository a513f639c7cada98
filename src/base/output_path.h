// SPDX-License-Identifier: Apache-2.0
// Where a command may write. Everything here is asked before the work and leaves nothing behind.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "nibble/paths.h"

namespace nibble {

/// Refuses a command that would destroy what it reads, or that could not write its answer. Error(usage) when
/// - an output is an input, or another output, by whatever name (other spellings, symbolic and hard links);
/// - an output is there already and is named by an input: an image or label file in a folder, in a list of paths, or in a split of a
///   data.yaml;
/// - an input lies in an output folder under a name that is written there;
/// - an output is a folder or device, an output folder is a file, or a file stands where a folder is needed.
/// Error(environment) when an output cannot be written: no permission, a read-only or full file system. Folders that are not there yet
/// are judged by the nearest one that is.
void check_paths(const CommandPaths& paths);

/// Error(usage) when `output` is one of `others` (what the command reads, or writes as well), by whatever name: writing it
/// would destroy that file. Empty paths are none.
void refuse_same_file(const std::filesystem::path& output, const std::vector<std::filesystem::path>& others);

/// Whether `path` is `folder` or lies somewhere in it, links followed; false for empty paths, and where it cannot be told.
bool lies_in(const std::filesystem::path& path, const std::filesystem::path& folder);

/// Error(usage) where the file of a model is not to be called *.onnx: a folder was meant, or another tool will not know it.
void require_onnx_name(const std::filesystem::path& output);

/// Error(usage) where `folder` exists and is not a folder.
void require_can_be_folder(const std::filesystem::path& folder);

/// Error(environment) when the file system of `place` (a file or folder that need not be there yet) has less than `bytes` free. `bytes`
/// is what will be written at least. Nothing happens where the free space cannot be told.
void require_free_space(const std::filesystem::path& place, std::int64_t bytes);

/// Calls all of `writers`; when one throws Error, the first of these is thrown as UnwrittenResult with `result`, once all were tried.
void write_or_show(const std::string& result, const std::vector<std::function<void()>>& writers);

}  // namespace nibble

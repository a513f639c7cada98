// SPDX-License-Identifier: Apache-2.0
// What a file finds on the images of a set, divided among the processes of a command (comm/shared_work.h).
#pragma once
#include <filesystem>
#include <string>

#include "comm/shared_work.h"
#include "scoring/find_by_task.h"

namespace nibble {

/// The name of the duty in which the other processes help find_together, and what they do: they read the same ONNX file and the same
/// images, whose paths have to mean the same to them.
inline constexpr const char* kFindDuty = "find";
void help_to_find(const Json& task, Processes& processes);

/// A file and how it was opened, for others to open it in the same way.
struct OpenedFile {
  const DetectorFile& model;
  std::filesystem::path path;
  bool optimize = true;
  const RuntimeOptions& runtime;
};

/// As find_by_task, bit for bit, whatever the number of processes; null: alone. Blocks of images go to the processes in turns. Errors as
/// find_by_task, and as share_units where one of them has gone.
Findings find_together(Processes* processes, const OpenedFile& file, const EvalSet& set, const DetectOptions& detect,
                       const std::string& title, Progress& progress);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What a model says about an image.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace nibble {

/// The names are Ultralytics', as they stand in the metadata of its files.
enum class Task { detect, segment, pose, obb, classify };
inline constexpr std::array<Task, 5> kTasks{Task::detect, Task::segment, Task::pose, Task::obb, Task::classify};

inline std::string_view name_of(Task task) {
  constexpr std::array<std::string_view, 5> kNames{"detect", "segment", "pose", "obb", "classify"};
  return kNames[static_cast<std::size_t>(task)];
}
/// Nothing for a name that is none of them.
inline std::optional<Task> task_called(std::string_view name) {
  for (const Task task : kTasks)
    if (name_of(task) == name) return task;
  return std::nullopt;
}

}  // namespace nibble

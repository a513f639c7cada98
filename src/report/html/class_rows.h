// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/placed_json.h"
#include "nibble/task.h"

namespace nibble {

/// A class of a file of metrics.
struct ClassNumber {
  std::int64_t id = 0;
  std::string name;
  std::int64_t instances = 0;  ///< objects, or images of a classifier
  double value = -1;           ///< AP 50-95 of what the task is judged by, top-1 of a classifier; -1: undefined
};

/// None of a task whose numbers are not told by class (keypoints). Error(input) for what is no file of metrics of the task.
inline std::vector<ClassNumber> class_numbers(const PlacedJson& document, Task task) {
  std::vector<ClassNumber> rows;
  if (task == Task::pose) return rows;
  const bool is_classifier = task == Task::classify;
  for (const auto& row : document.at(task == Task::segment ? "masks" : "metrics").at("per_class").list()) {
    const auto value = row.at(is_classifier ? "top_1" : "AP_50_95");
    rows.push_back({row.at(is_classifier ? "label" : "category_id"), row.at("name"), row.at(is_classifier ? "images" : "instances"),
                    value.is_number() ? value.get<double>() : -1});
  }
  return rows;
}

}  // namespace nibble

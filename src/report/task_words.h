// SPDX-License-Identifier: Apache-2.0
// How a task's numbers are called.
#pragma once
#include <string>
#include <vector>

#include "nibble/task.h"

namespace nibble {

struct TaskWords {
  const char* main;          ///< Score::main, as Score::numbers has it: "masks.mAP_50_95"
  const char* main_title;    ///< the same in a sentence: "mask mAP 50-95"
  const char* second;        ///< Score::second
  const char* second_title;  ///< "mask mAP 50"
  const char* group;         ///< the object of metrics.json that both are in
  const char* things;        ///< what is found: "masks"
  const char* overlap;       ///< what of two things is held against thresholds: "mask IoU"; of classifiers nothing is
};
const TaskWords& words_of(Task task);

/// How a number of boxes is called beside the main one of the task: "box mAP 50-95" of masks and keypoints, "upright box mAP 50-95" of
/// oriented boxes (of which what is lost is told by the upright boxes around them), and just "mAP 50-95" of detectors.
std::string of_boxes(Task task, const std::string& number);

/// The objects of metrics.json that may hold numbers, with the names of the numbers that have intervals, the main one first. A number of
/// `metrics` is called by its name, one of another group "<group>.<name>".
struct NumberGroup {
  const char* name;
  std::vector<const char*> numbers;
};
const std::vector<NumberGroup>& number_groups();
std::string number_name(const std::string& group, const std::string& number);

/// Whether it is the name of a number that has intervals.
bool is_sampled(const std::string& number);

}  // namespace nibble

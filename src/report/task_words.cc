// SPDX-License-Identifier: Apache-2.0
#include "report/task_words.h"

#include <algorithm>
#include <array>

namespace nibble {
namespace {

constexpr const char* kMetrics = "metrics";

const std::array<TaskWords, 5> kWords{{
    {"mAP_50_95", "mAP 50-95", "mAP_50", "mAP 50", kMetrics, "boxes", "IoU"},
    {"masks.mAP_50_95", "mask mAP 50-95", "masks.mAP_50", "mask mAP 50", "masks", "masks", "mask IoU"},
    {"keypoints.AP_50_95", "keypoint AP 50-95", "keypoints.AP_50", "keypoint AP 50", "keypoints", "keypoints", "keypoint similarity (OKS)"},
    {"mAP_50_95", "oriented mAP 50-95", "mAP_50", "oriented mAP 50", kMetrics, "oriented boxes", "probabilistic IoU"},
    {"top_1", "top-1", "top_5", "top-5", kMetrics, "classes", ""},
}};

}  // namespace

const TaskWords& words_of(Task task) { return kWords[static_cast<std::size_t>(task)]; }

std::string of_boxes(Task task, const std::string& number) {
  if (task == Task::detect) return number;
  return (task == Task::obb ? "upright box " : "box ") + number;
}

const std::vector<NumberGroup>& number_groups() {
  static const std::vector<const char*> boxes{"mAP_50_95", "mAP_50", "mAP_75", "mAP_small", "mAP_medium", "mAP_large",
                                              "AR_1",      "AR_10",  "AR_100", "AR_small",  "AR_medium",  "AR_large"};
  static const std::vector<NumberGroup> groups = [] {
    auto of_all = boxes;
    of_all.insert(of_all.end(), {"top_1", "top_5"});
    return std::vector<NumberGroup>{
        {kMetrics, of_all},
        {"masks", boxes},
        {"keypoints", {"AP_50_95", "AP_50", "AP_75", "AP_medium", "AP_large", "AR_50_95", "AR_50", "AR_75", "AR_medium", "AR_large"}}};
  }();
  return groups;
}

std::string number_name(const std::string& group, const std::string& number) { return group == kMetrics ? number : group + "." + number; }

bool is_sampled(const std::string& number) {
  return std::any_of(number_groups().begin(), number_groups().end(), [&](const NumberGroup& group) {
    return std::any_of(group.numbers.begin(), group.numbers.end(),
                       [&](const char* name) { return number_name(group.name, name) == number; });
  });
}

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// What a model of any task found on images, and the file it is kept in.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "data/keypoints.h"
#include "data/run_lengths.h"
#include "eval/detection.h"
#include "eval/oriented_box.h"
#include "nibble/task.h"

namespace nibble {

/// The lists beside `boxes` are as long as it, each entry of the same object, or empty where the task has no such thing.
struct Findings {
  /// Of a classifier the best classes of each image, best first, without a box; of oriented boxes the upright one around each.
  std::vector<Detection> boxes;
  std::vector<RunLengths> masks;
  std::vector<std::vector<Keypoint>> keypoints;
  std::vector<OrientedBox> oriented;
};

/// How many classes of an image are kept of a classifier: its numbers look at no more.
inline constexpr std::size_t kKeptClasses = 5;

/// Those whose box fulfils `is_kept`, in their order.
Findings select_findings(const Findings& findings, const std::function<bool(const Detection&)>& is_kept);

/// A file as its writer counts: image ids may be texts (Ultralytics writes the file name without extension).
struct FindingsFile {
  Findings findings;                     ///< image_id of a text: -1 minus its place in image_names
  std::vector<std::string> image_names;  ///< each once
};

/// A list in pycocotools' result format: image_id, category_id, score of each, and by the task
///   detect   bbox [x, y, w, h]
///   segment  bbox; segmentation {size [h, w], counts}, run lengths as text or as numbers
///   pose     bbox; keypoints [x, y, confidence, ...]
///   obb      rbox [cx, cy, w, h, angle in radians], sizes that a network gives below 0 included; bbox and poly are not read
///   classify nothing more
/// Further keys are passed over. Error(input) naming file and entry: malformed JSON, NaN, a missing key, a wrong type, a negative size, run
/// lengths that do not fill their image, numbers of keypoints that differ, a negative image id in a file that has texts too.
FindingsFile read_findings(const std::filesystem::path& json, Task task);

/// Writes what read_findings reads as the same numbers, and of oriented boxes `bbox` and `poly` besides, as Ultralytics does.
/// `image_names`: texts to write for image ids; the others are written as numbers. Error(numeric) for a number that is not finite.
void write_findings(const std::filesystem::path& json, const Findings& findings, Task task,
                    const std::map<std::int64_t, std::string>& image_names = {});

}  // namespace nibble

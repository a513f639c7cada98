// SPDX-License-Identifier: Apache-2.0
// What data sets say of an object beyond its box, read on the way.
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "data/coco.h"
#include "data/json_records.h"

namespace nibble {

/// Called for every annotation once its box is read, in file order. `entry` is what CocoAnnotation::entry says where the annotation stays;
/// some numbers are never heard of again. What a function throws as Error(input) is bad data of this annotation's image.
struct ObjectReader {
  std::vector<std::string> keys;                                               ///< of COCO annotations, besides those of boxes
  std::function<void(const JsonRecord& record, std::size_t entry)> from_json;  ///< empty: COCO files are refused
  /// A line of a label file: the class, then fractions of the image's sides. Empty: a data.yaml is refused.
  std::function<void(const std::vector<double>& numbers, const CocoImage& image, std::size_t entry)> from_label;
  bool label_starts_with_box = false;  ///< of a label line: class, cx, cy, w, h come first, and from_label knows what may follow
  std::string wanted;                  ///< what is expected instead of a file that is refused, in words
};

}  // namespace nibble

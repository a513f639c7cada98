// SPDX-License-Identifier: Apache-2.0
// Finds which detection of one network corresponds to which of another, down to the lowest score, so that changes can be named.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "eval/detection.h"
#include "nibble/compare.h"

namespace nibble {

/// Two detections that correspond: indices into the two lists, and the overlap of their boxes.
struct DetectionPair {
  std::size_t a = 0;
  std::size_t b = 0;
  double iou = 0;
  bool is_class_change = false;  ///< another class, or the same one that is first at this place in only one of the networks
};
struct Pairing {
  std::vector<DetectionPair> pairs;
  std::vector<std::size_t> only_a;  ///< missed by B
  std::vector<std::size_t> only_b;  ///< extra in B
};

/// In each image, A's detections by descending score take the free detection of B with
///   1. the same class and the largest overlap (IoU at least 0.5),
///   2. else another class, IoU at least 0.5 and at least half the score, the highest score first,
///   3. else the same class, IoU at least 0.1 and at least half the score, the largest overlap first;
/// each rule is applied to the whole image before the next. A pair of rule 1 is a class change too when another pair of
/// another class stands at its place (IoU at least 0.5 in B) and the two have changed ranks, one of them being the first of
/// its place: "dog .8, cat .1" became "cat .7, dog .2".
Pairing pair_detections(const std::vector<Detection>& a, const std::vector<Detection>& b);

}  // namespace nibble

// SPDX-License-Identifier: Apache-2.0
// The heads: that of detectors with what other tasks add to it, and that of classifiers. Detection: convolutions of one branch,
// distribution focal loss (Li et al. 2020, arXiv 2006.04388, eq. 5: a side's distance is the expectation over its bins; YOLO26 has the
// distance itself), boxes from anchor points, and the top-k of the one-to-one branch.
#pragma once
#include <string>
#include <vector>

#include "base/box_logits.h"
#include "yolo/blocks.h"
#include "yolo/detector.h"

namespace nibble {

/// What a head says of itself.
struct HeadLayout {
  Task task = Task::detect;
  std::int64_t classes = 0;
  std::int64_t bins = kBoxBins;              ///< that describe the distance of a box's side; 1: the distance itself
  std::vector<std::int64_t> strides;         ///< pixels per cell, one per level; 1 of a classifier, which takes any size
  std::int64_t extras = 0;                   ///< numbers behind each box: mask coefficients, keypoint values, the angle
  std::vector<std::int64_t> keypoint_shape;  ///< of Pose: {number of keypoints, values of each}
  /// Heads of YOLOv9's own repository have one or two auxiliary branches, which training alone needs (arXiv 2402.13616, section 4.1): their
  /// maps and modules come first, and the last branch is the one that detects.
  int branches = 1;
  std::string boxes_child = "cv2", classes_child = "cv3", dfl_child = "dfl";  ///< of the branch that detects
  bool is_plain = false;  ///< the forms of YOLO26: angles in radians, keypoints in cells from the anchor point, without a function before
};
/// Of Detect, v10Detect, Segment, Pose, OBB, the three's forms of YOLO26, and Classify; of Detect, DDetect and the Dual and Triple forms of
/// both in YOLOv9's own repository. Error(unsupported) for another class or more than
/// kMaxBoxBins bins, Error(input) where its numbers contradict each other.
HeadLayout read_head_layout(const Module& head);

/// How the node that gives a classifier's logits [B,nc] is called, behind the head's path.
inline constexpr const char* kClassifierLogits = "class_logits";

/// The heads that can be built of it: of each branch that is there, its detections and, of detectors, its logits.
std::vector<Head> heads_of(const Module& head);

/// Appends the branch that `options` asks for, up to the outputs "output0" and, with masks, "output1". `levels`: the feature maps, finest
/// first. Everything behind the convolutions has a float_reason.
std::vector<ValueId> add_head(Graph& graph, const Module& head, const std::vector<ValueId>& levels, const BuildOptions& options);

/// The Linear that gives a classifier's logits: `linear`, or the last one in the Sequential that stands there. Error(unsupported) naming
/// what stands there where there is none.
Module classes_module(const Module& head);

/// Classify: a convolution, the mean over the map, and a linear layer, which becomes a pointwise convolution so that it is quantised as the
/// others are (classify_head.cc). Error(unsupported) where `options` asks for another head than one2many, the default.
ValueId add_classify_head(Graph& graph, const Module& head, const std::vector<ValueId>& maps, const BuildOptions& options);

}  // namespace nibble

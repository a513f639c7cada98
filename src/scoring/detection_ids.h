// SPDX-License-Identifier: Apache-2.0
// What the image and category ids of a detections file mean. The result format of pycocotools has the ids of the annotations; writers
// count otherwise: Ultralytics' predictions.json has class + 1 and, for COCO itself, the 80 ids of 91, and names images without a number
// by their file; others write the class number.
#pragma once
#include <string>
#include <vector>

#include "data/coco.h"
#include "eval/detection.h"

namespace nibble {

/// The ids of COCO's 80 classes among the 91 of its paper, in order: class 0 (person) is 1, class 79 (toothbrush) is 90.
std::vector<std::int64_t> coco_ids();

struct ResolvedDetections {
  std::vector<Detection> detections;  ///< with the data set's ids
  std::string read_as;                ///< "annotations", "class", "class+1", "coco91"
  std::string why;                    ///< one sentence
  /// What to tell a user besides: detections that count for nothing, image names.
  std::vector<std::string> notes;
};

/// Image ids: an id of the data set, the text it has for an id, or the name of an image with or without extension. Error(input) naming the
/// first that is none or that several images share.
///
/// Category ids, as `reading` says: "annotations" (ids of the data set; others count for nothing, with a note), "class" (from 0 in the
/// order of the categories), "class+1", "coco91" (COCO's 80 of 91 ids; data sets of 80 classes). "auto" takes the only reading in which
/// every id is a category; of several, the one in which detections have the class of what they lie on (an annotation overlapped by half;
/// twice as often as in any other reading, and in more than half of the cases); else "annotations" for a COCO file, unless the detections
/// speak for another; an id from 0 in a data.yaml's own order likewise. Error(input) naming an id that fits no reading; Error(usage) asking
/// for
/// --category-ids where it stays open.
ResolvedDetections resolve_ids(const DetectionsFile& file, const CocoDataset& dataset, const std::string& reading = "auto");

}  // namespace nibble

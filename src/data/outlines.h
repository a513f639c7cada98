// SPDX-License-Identifier: Apache-2.0
// The outlines of objects: polygons and run lengths of COCO files, polygons of YOLO labels.
#pragma once
#include <cstdint>
#include <vector>

#include "data/object_reader.h"
#include "data/run_lengths.h"

namespace nibble {

/// One object as its data set has it; either polygons or run lengths.
struct Outline {
  std::vector<std::vector<double>> polygons_px;  ///< each x1, y1, x2, y2, ...
  std::int64_t height_px = 0, width_px = 0;      ///< of the run lengths' image
  std::string text;                              ///< compressed run lengths
  std::vector<double> counts;                    ///< run lengths as numbers
};
/// The object's pixels, as pycocotools' annToRLE. Error(input) saying what is wrong with the outline, or that its image is another size.
RunLengths mask_of(const Outline& outline, std::int64_t height_px, std::int64_t width_px);

/// The run lengths that stand under `key` as {size: [height, width], counts}. Error(input) naming the record and what is wrong with them.
RunLengths runs_of_record(const JsonRecord& record, const char* key);

/// Fills `outlines` by CocoAnnotation::entry: of COCO files from `segmentation`, of a data.yaml from labels "class x1 y1 x2 y2 x3 y3 ...".
/// An object without an outline is bad data. `outlines` has to live as long as the reader is used.
ObjectReader outline_reader(std::vector<Outline>& outlines);

}  // namespace nibble

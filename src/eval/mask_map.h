// SPDX-License-Identifier: Apache-2.0
// COCO mask metrics, equal to pycocotools' COCOeval with iouType "segm"; and masks from the outputs of a segmentation model.
#pragma once
#include <array>
#include <span>
#include <vector>

#include "data/coco.h"
#include "data/image.h"
#include "data/run_lengths.h"
#include "eval/class_outcomes.h"
#include "eval/detection.h"
#include "eval/intervals.h"
#include "nibble/evaluate.h"

namespace nibble {

/// Boxes, scores and classes of `detections` with the mask of each; `truths` has those of the annotations by CocoAnnotation::entry. The
/// size of a detection is that of its mask, as pycocotools takes it of results without a box. Errors as evaluate_coco, and Error(input) for
/// masks of two sizes.
Resampled<CocoMetrics> evaluate_masks(const CocoDataset& ground_truth, const std::vector<RunLengths>& truths,
                                      const std::vector<Detection>& detections, const std::vector<RunLengths>& masks,
                                      const Resampling& resampling);

/// What became of every detection, by the overlap of masks. Errors as evaluate_masks.
std::vector<coco::ClassOutcomes> match_masks(const CocoDataset& ground_truth, const std::vector<RunLengths>& truths,
                                             const std::vector<Detection>& detections, const std::vector<RunLengths>& masks, int threads);

/// What the masks of an image are made of.
struct Prototypes {
  std::span<const float> values;  ///< [count, height, width]
  std::int64_t count = 0, height = 0, width = 0;
};

/// The mask of one object in the network's input, [input.height, input.width] of 0 and 1: coefficients times prototypes, enlarged
/// bilinearly, set where positive and inside of the box x1, y1, x2, y2 (input pixels), as Ultralytics' process_mask.
std::vector<std::uint8_t> mask_in_input(const Prototypes& prototypes, std::span<const float> coefficients,
                                        const std::array<float, 4>& box_xyxy, const ImageSize& input);

/// Such a mask in the original image: scaled bilinearly, where only pixels stay that are set altogether.
RunLengths mask_in_image(std::span<const std::uint8_t> mask, const std::array<float, 4>& box_xyxy, const ImageSize& input,
                         const Letterbox& letterbox);

/// The mask of one object in the original image, as Ultralytics' SegmentationValidator writes it for COCO: mask_in_image of mask_in_input.
RunLengths assemble_mask(const Prototypes& prototypes, std::span<const float> coefficients, const std::array<float, 4>& box_xyxy,
                         const ImageSize& input, const Letterbox& letterbox);

}  // namespace nibble
